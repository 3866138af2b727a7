#pragma once

#include "services/common/postgres/postgres.h"
#include "services/documents/requests/domain/reminding.h"
#include "services/documents/requests/effects.h"

namespace gatehouse::documents {

class PostgresReminders : public ReminderStore {
 public:
  PostgresReminders(Postgres& postgres, RequestEffects& effects)
      : postgres_(postgres), effects_(effects) {}

  absl::StatusOr<std::optional<ReminderLook>> Find(const std::string& organisation_id,
                                                   const std::string& case_id) override;
  absl::Status Looked(const std::string& organisation_id, const std::string& case_id,
                      const ReminderLook& look, const std::vector<ReminderMail>& mails) override;

 private:
  Postgres& postgres_;
  RequestEffects& effects_;
};

}  // namespace gatehouse::documents
