#include "services/documents/settings/store/postgres_rules.h"

namespace gatehouse::documents {

absl::StatusOr<DocumentRules> PostgresRules::Get(const std::string& organisation_id) {
  using Result = absl::StatusOr<DocumentRules>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    DocumentRules rules;
    const auto rows = tx.Exec("SELECT max_document_bytes FROM settings WHERE organisation_id = $1",
                              organisation_id);
    if (!rows.empty()) rules.max_document_bytes = rows[0]["max_document_bytes"].as<int64_t>();
    return rules;
  });
}

absl::Status PostgresRules::SetMaxBytes(const std::string& organisation_id, int64_t bytes) {
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(
        "INSERT INTO settings VALUES ($1, $2) ON CONFLICT (organisation_id) DO UPDATE "
        "SET max_document_bytes = $2",
        organisation_id, bytes);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::documents
