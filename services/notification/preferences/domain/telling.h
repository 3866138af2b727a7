#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "services/common/base/clock.h"
#include "services/notification/preferences/domain/notices.h"
#include "services/notification/preferences/domain/summaries.h"

namespace gatehouse::notification {

// What a contact is to be told that is no event.
struct ContactNotice {
  std::string request_id, action, case_id, contact_id;
  std::map<std::string, std::string> values;
};

// Events by how people are told of them: some by both ways.
struct Wanted {
  std::vector<Event> at_once, daily;
};

// Tells people of what happens, as their organisation wants it. All of it is harmless to repeat,
// and what the settings say at that time holds. A case, a contact or an owner that is gone is told
// nothing.
class Telling {
 public:
  struct Places {
    const Actions& actions;
    PreferenceStore& preferences;
    CaseDirectory& cases;
    CalendarDirectory& calendars;
    OrganisationDirectory& organisations;
    Outlet& outlet;
    SummaryStore& summaries;
    const Clock& clock;
  };
  explicit Telling(Places places) : places_(places) {}

  // Which of these events anybody is told of at once, and of which by the daily summary.
  absl::StatusOr<Wanted> Judge(const std::string& organisation_id,
                               const std::vector<Event>& events) const;
  // Tells clients and the owner of it who are told at once.
  absl::Status TellEvent(const std::string& organisation_id, const Event& event) const;
  absl::Status TellContact(const std::string& organisation_id, const ContactNotice& told) const;
  // Plans the next daily summary, by the organisation's clocks.
  absl::Status PlanSummary(const std::string& organisation_id) const;
  // Sends the daily summary that is due then: one to each owner of whose cases there is something
  // to say.
  absl::Status SendSummary(const std::string& organisation_id, absl::Time due) const;

 private:
  std::vector<Notice> ForClients(const Preferences& preferences, const Event& event,
                                 const Scene& scene) const;
  // At once.
  std::vector<Notice> ForOwner(const Preferences& preferences, const Event& event,
                               const Scene& scene) const;
  // Clients who are told of a visit are given it for their calendars.
  absl::Status AttachTo(std::vector<Notice>& notices, const std::string& organisation_id,
                        const Event& event) const;
  std::vector<Notice> SummariesOf(const std::vector<Event>& events, const Preferences& preferences,
                                  const std::map<std::string, MirroredCase>& cases,
                                  const OrganisationProfile& organisation, absl::Time due) const;

  const Places places_;
};

}  // namespace gatehouse::notification
