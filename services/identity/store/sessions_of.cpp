#include "services/identity/store/sessions_of.h"

#include "services/common/postgres/arrays.h"

namespace gatehouse::identity {

std::vector<std::string> EndSessionsOf(Transaction& tx, const std::string& organisation_id,
                                       const std::vector<std::string>& account_ids,
                                       const std::string& kept_session) {
  std::vector<std::string> ended;
  for (const auto& row : tx.Exec(
           "UPDATE session SET end_time = clock_timestamp() WHERE organisation_id = $1 "
           "AND end_time IS NULL AND session_id <> $3 AND session_id IN ("
           "SELECT session_id FROM session WHERE organisation_id = $1 AND end_time IS NULL "
           "AND account_id = ANY ($2::text[]) "
           "UNION ALL SELECT h.session_id FROM access_grant AS g "
           "JOIN session_grant AS h USING (organisation_id, invitation_id) "
           "WHERE g.organisation_id = $1 AND g.account_id = ANY ($2::text[])) RETURNING session_id",
           organisation_id, SqlArray(account_ids), kept_session)) {
    ended.emplace_back(row["session_id"].c_str());
  }
  return ended;
}

}  // namespace gatehouse::identity
