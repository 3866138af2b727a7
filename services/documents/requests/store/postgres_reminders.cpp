#include "services/documents/requests/store/postgres_reminders.h"

namespace gatehouse::documents {

absl::StatusOr<std::optional<ReminderLook>> PostgresReminders::Find(
    const std::string& organisation_id, const std::string& case_id) {
  using Result = absl::StatusOr<std::optional<ReminderLook>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(
        "SELECT next_time, last_time, version FROM case_reminder "
        "WHERE organisation_id = $1 AND case_id = $2",
        organisation_id, case_id);
    if (rows.empty()) return std::optional<ReminderLook>();
    return std::optional<ReminderLook>({.next = TimeFromSql(rows[0]["next_time"]),
                                        .last = TimeFromSql(rows[0]["last_time"]),
                                        .version = rows[0]["version"].as<int64_t>()});
  });
}

absl::Status PostgresReminders::Looked(const std::string& organisation_id,
                                       const std::string& case_id, const ReminderLook& look,
                                       const std::vector<ReminderMail>& mails) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto rows = tx.Exec(
        "UPDATE case_reminder SET next_time = $3, last_time = $4, version = version + 1 "
        "WHERE organisation_id = $1 AND case_id = $2 AND version = $5 RETURNING 1",
        organisation_id, case_id, ToSql(look.next), ToSql(look.last), look.version);
    if (rows.empty()) return absl::AbortedError("something was asked for meanwhile");
    effects_.Send(tx, organisation_id, case_id, mails);
    if (look.next != absl::InfiniteFuture()) {
      effects_.LookAt(tx, organisation_id, case_id, look.next);
    }
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::documents
