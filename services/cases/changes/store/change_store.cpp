#include "services/cases/changes/store/change_store.h"

#include "services/cases/store/rows.h"

namespace gatehouse::cases {
namespace {

// Who numbers does so alone, until the end of the transaction: what is numbered later is committed
// later, and higher. What is being changed meanwhile is left for the next time.
constexpr char kLock[] = "SELECT pg_advisory_xact_lock(hashtextextended('changes:' || $1, 0))";

constexpr char kNumber[] = R"sql(
  UPDATE case_change AS c SET number = n.number
  FROM (
    SELECT case_id, nextval('case_change_number') AS number FROM (
      SELECT case_id FROM case_change WHERE organisation_id = $1 AND number IS NULL
      LIMIT $2 FOR UPDATE SKIP LOCKED) AS pending) AS n
  WHERE c.organisation_id = $1 AND c.case_id = n.case_id)sql";

constexpr char kList[] = R"sql(
  SELECT number, case_id, change_time FROM case_change
  WHERE organisation_id = $1 AND number > $2 ORDER BY number LIMIT $3)sql";

}  // namespace

absl::StatusOr<std::vector<CaseChange>> ChangeStore::List(const std::string& organisation_id,
                                                          int64_t after, int limit) {
  using Result = absl::StatusOr<std::vector<CaseChange>>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    tx.Exec(kLock, organisation_id);
    tx.Exec(kNumber, organisation_id, limit);
    std::vector<CaseChange> changes;
    std::vector<std::string> case_ids;
    for (const pqxx::row& row : tx.Exec(kList, organisation_id, after, limit)) {
      case_ids.emplace_back(row["case_id"].c_str());
      changes.push_back({.number = row["number"].as<int64_t>(),
                         .case_id = case_ids.back(),
                         .time = TimeFromSql(row["change_time"]),
                         .mirrored = std::nullopt});
    }
    auto found = FindCases(tx, organisation_id, case_ids);
    for (CaseChange& change : changes) {
      const auto mirrored = found.find(change.case_id);
      if (mirrored != found.end()) change.mirrored = std::move(mirrored->second);
    }
    return changes;
  });
}

}  // namespace gatehouse::cases
