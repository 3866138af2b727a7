#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/notification/domain/store.h"
#include "services/notification/preferences/domain/directories.h"
#include "services/notification/preferences/domain/preferences.h"

namespace gatehouse::notification {

// One way in which somebody can be told.
struct Way {
  std::string kind;         // Of message.
  std::string template_id;  // Empty: the standard one.
  std::string recipient;
};

// What one person is told: by the first of the ways that can be sent.
struct Notice {
  std::string request_id;  // The same is sent once, by whichever way.
  std::string case_id;
  std::vector<Way> ways;
  std::map<std::string, std::string> values;  // What the texts' tags stand for.
  Attachment attachment;                      // Of an e-mail.
};

// Where notices leave.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // OK once a message is kept, by one of the ways, or where none can be sent by any of them.
  virtual absl::Status Send(const std::string& organisation_id, const Notice& notice) = 0;
};

// Where something happened, and whom the texts name.
struct Scene {
  const MirroredCase& mirrored;
  const OrganisationProfile& organisation;
};

// What clients are told of an event: the contact whom it concerns, unless it did it itself, or each
// invited contact, as the action says.
std::vector<Notice> NoticesForClients(const ClientAction& action, const ClientChoice& choice,
                                      const Event& event, const Scene& scene);
// What one contact is told, of whom `values` are known beside the names. None for who has no access
// to the case any more, or has another role than the choice says.
std::vector<Notice> NoticesForContact(const ClientAction& action, const ClientChoice& choice,
                                      const std::string& request_id, const CaseContact& contact,
                                      std::map<std::string, std::string> values,
                                      const Scene& scene);
// What the case's owner is told of an event at once.
Notice NoticeForOwner(const StaffAction& action, const StaffChoice& choice, const Event& event,
                      const Scene& scene);

// Whether staff are told of this event: it has the facts that the action needs.
bool Concerns(const StaffAction& action, const Event& event);
// What staff read of it: who did it stands in it by name.
std::string Sentence(const StaffAction& action, const Event& event, const MirroredCase& mirrored);

// The summary for one owner.
struct SummaryLine {
  std::string case_name, sentence;
  absl::Time time;
};
// In the order of the cases' names and of time, with the times of the zone; so many lines at most,
// and how many more there are.
std::string TextOf(std::vector<SummaryLine> lines, const absl::TimeZone& zone, size_t lines_max);

}  // namespace gatehouse::notification
