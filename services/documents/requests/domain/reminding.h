#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/common/base/clock.h"
#include "services/documents/requests/domain/organisation_directory.h"
#include "services/documents/requests/domain/reminders.h"
#include "services/documents/requests/domain/request_store.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

// When a case's requests are looked at, to remind of them.
struct ReminderLook {
  absl::Time next = absl::InfiniteFuture();
  absl::Time last = absl::InfinitePast();
  int64_t version = 0;  // Grows whenever something is added that may need an earlier look.
};

// A reminder, or a notice, as it leaves.
struct ReminderMail {
  std::string action;  // documents-wanted, documents-shared
  std::string contact_id;
  std::vector<std::pair<std::string, std::string>> values;
};

class ReminderStore {
 public:
  virtual ~ReminderStore() = default;
  // Nothing where no look was ever planned.
  virtual absl::StatusOr<std::optional<ReminderLook>> Find(const std::string& organisation_id,
                                                           const std::string& case_id) = 0;
  // The look was taken: sends these and plans the next one, all or nothing. Aborted where the
  // version is another one meanwhile: look again.
  virtual absl::Status Looked(const std::string& organisation_id, const std::string& case_id,
                              const ReminderLook& look, const std::vector<ReminderMail>& mails) = 0;
};

struct RemindingPlaces {
  ReminderStore& reminders;
  RequestStore& requests;
  DocumentStore& documents;
  RulesStore& rules;
  CaseDirectory& cases;
  OrganisationDirectory& organisations;
  Readers& readers;
  const Clock& clock;
};

// Looks at a case whose time has come. Harmless to repeat, and to do before its time.
class Reminding {
 public:
  explicit Reminding(RemindingPlaces places) : places_(places) {}
  absl::Status Look(const std::string& organisation_id, const std::string& case_id);

 private:
  absl::StatusOr<std::vector<ReminderMail>> MailsOf(const std::string& organisation_id,
                                                    const std::string& case_id,
                                                    const OrganisationProfile& profile,
                                                    ReminderLook& look, absl::Time now);
  const RemindingPlaces places_;
};

}  // namespace gatehouse::documents
