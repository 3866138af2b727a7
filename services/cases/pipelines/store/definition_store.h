#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cases/pipelines/domain/definition.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The definitions of pipelines. Every method is about one organisation's rows.
class DefinitionStore {
 public:
  explicit DefinitionStore(Postgres& postgres) : postgres_(postgres) {}

  // Makes the next version, unless it is the same as the current one: what holds then. With an
  // etag, only where that is the current one. Refuses ETAG_MISMATCH, KIND_TAKEN,
  // PIPELINE_LIMIT_REACHED.
  absl::StatusOr<Pipeline> Put(const std::string& organisation_id, const Pipeline& pipeline);
  // `version` 0: the current one. Refuses NOT_FOUND.
  absl::StatusOr<Pipeline> Get(const std::string& organisation_id, const std::string& pipeline_id,
                               int version);
  // By their ids, without their states.
  absl::StatusOr<std::vector<Pipeline>> List(const std::string& organisation_id);

  // From the columns `pipeline_id`, `version`, `definition` and `create_time`.
  static Pipeline From(const pqxx::row& row);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::cases
