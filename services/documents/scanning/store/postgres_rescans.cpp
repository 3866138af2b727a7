#include "services/documents/scanning/store/postgres_rescans.h"

#include "services/common/observe/log.h"
#include "services/documents/scanning/rescan_job.h"

namespace gatehouse::documents {
namespace {

// The first number that is seen begins nothing: what there is was scanned by it, or by one that
// nobody knows.
constexpr char kNote[] =
    "WITH known AS (INSERT INTO signature_database (number) VALUES ($1) "
    "ON CONFLICT (sole) DO UPDATE SET number = excluded.number "
    "WHERE signature_database.number < excluded.number RETURNING xmax <> 0 AS is_newer) "
    "SELECT is_newer FROM known";

// Each organisation once, by a jump from one to the next: what is read is as many rows as there are
// organisations, and not as many as there are documents.
constexpr char kBegin[] =
    "WITH RECURSIVE owner AS ("
    "(SELECT organisation_id FROM document ORDER BY organisation_id LIMIT 1) UNION ALL "
    "SELECT (SELECT d.organisation_id FROM document d WHERE d.organisation_id > "
    "owner.organisation_id ORDER BY d.organisation_id LIMIT 1) "
    "FROM owner WHERE owner.organisation_id IS NOT NULL) "
    "INSERT INTO rescan (organisation_id, number, from_time, document_id) "
    "SELECT organisation_id, $1::bigint, $2::timestamptz, '' FROM owner "
    "WHERE organisation_id IS NOT NULL AND EXISTS (SELECT 1 FROM document d "
    "WHERE d.organisation_id = owner.organisation_id AND d.create_time >= $2::timestamptz) "
    "ON CONFLICT (organisation_id) DO UPDATE SET number = excluded.number, "
    "from_time = excluded.from_time, document_id = '' RETURNING organisation_id";

constexpr char kNext[] =
    "SELECT document_id, case_id, size_bytes, scan, create_time FROM document "
    "WHERE organisation_id = $1 AND (create_time, document_id COLLATE \"C\") > ($2, $3) "
    "AND scan = $4 ORDER BY create_time, document_id COLLATE \"C\" LIMIT $5";

}  // namespace

absl::StatusOr<bool> PostgresRescans::Note(int64_t number, absl::Time since) {
  return postgres_.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<bool> {
    const auto noted = tx.Exec(kNote, number);
    if (noted.empty() || !noted[0]["is_newer"].as<bool>()) return false;
    const auto begun = tx.Exec(kBegin, number, ToSql(since));
    for (const auto& row : begun) {
      OutboxCalls calls(row["organisation_id"].c_str());
      calls.AddJob(kRescanLane, "documents.rescan", "", absl::InfinitePast());
      outbox_.Add(tx, std::move(calls));
    }
    LogInfo("scan.signatures", {{"database", std::to_string(number)},
                                {"organisations", std::to_string(begun.size())}});
    return true;
  });
}

absl::StatusOr<std::optional<Rescan>> PostgresRescans::Get(const std::string& organisation_id) {
  using Result = absl::StatusOr<std::optional<Rescan>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows =
        tx.Exec("SELECT number, from_time, document_id FROM rescan WHERE organisation_id = $1",
                organisation_id);
    if (rows.empty()) return std::nullopt;
    return Rescan{rows[0]["number"].as<int64_t>(), TimeFromSql(rows[0]["from_time"]),
                  rows[0]["document_id"].c_str()};
  });
}

absl::StatusOr<std::vector<Document>> PostgresRescans::Next(const std::string& organisation_id,
                                                            const Rescan& rescan, int max) {
  using Result = absl::StatusOr<std::vector<Document>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Document> documents;
    for (const auto& row : tx.Exec(kNext, organisation_id, ToSql(rescan.from_time),
                                   rescan.document_id, static_cast<int>(Scan::kClean), max)) {
      documents.push_back({.organisation_id = organisation_id,
                           .document_id = row["document_id"].c_str(),
                           .case_id = row["case_id"].c_str(),
                           .size_bytes = row["size_bytes"].as<int64_t>(),
                           .scan = static_cast<Scan>(row["scan"].as<int>()),
                           .create_time = TimeFromSql(row["create_time"])});
    }
    return documents;
  });
}

absl::Status PostgresRescans::Advance(const std::string& organisation_id, const Rescan& rescan) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(
        "UPDATE rescan SET from_time = $3, document_id = $4 "
        "WHERE organisation_id = $1 AND number = $2 AND (from_time, document_id) < ($3, $4)",
        organisation_id, rescan.number, ToSql(rescan.from_time), rescan.document_id);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::documents
