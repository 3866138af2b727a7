#pragma once

#include "services/common/postgres/postgres.h"
#include "services/documents/settings/domain/document_rules.h"

namespace gatehouse::documents {

class PostgresRules : public RulesStore {
 public:
  explicit PostgresRules(Postgres& postgres) : postgres_(postgres) {}

  absl::StatusOr<DocumentRules> Get(const std::string& organisation_id) override;
  absl::Status SetMaxBytes(const std::string& organisation_id, int64_t bytes);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::documents
