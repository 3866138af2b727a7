#include "services/documents/requests/store/look_rows.h"

namespace gatehouse::documents {

std::optional<absl::Time> PlanLook(Transaction& transaction, const std::string& organisation_id,
                                   const std::string& case_id, absl::Time time) {
  if (time == absl::InfiniteFuture()) return std::nullopt;
  const auto early = transaction.Exec(
      "UPDATE case_reminder SET version = version + 1 WHERE organisation_id = $1 "
      "AND case_id = $2 AND next_time <= $3 RETURNING 1",
      organisation_id, case_id, ToSql(time));
  if (!early.empty()) return std::nullopt;
  const auto rows = transaction.Exec(
      "INSERT INTO case_reminder AS c (organisation_id, case_id, next_time) VALUES ($1, $2, $3) "
      "ON CONFLICT (organisation_id, case_id) DO UPDATE SET version = c.version + 1, "
      "next_time = least(c.next_time, excluded.next_time) RETURNING next_time = $3 AS planned",
      organisation_id, case_id, ToSql(time));
  if (!rows[0]["planned"].as<bool>()) return std::nullopt;
  return time;
}

}  // namespace gatehouse::documents
