#pragma once

#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/documents/scanning/domain/rescan_store.h"

namespace gatehouse::documents {

class PostgresRescans : public RescanStore {
 public:
  PostgresRescans(Postgres& postgres, Outbox& outbox) : postgres_(postgres), outbox_(outbox) {}

  absl::StatusOr<bool> Note(int64_t number, absl::Time since) override;
  absl::StatusOr<std::optional<Rescan>> Get(const std::string& organisation_id) override;
  absl::StatusOr<std::vector<Document>> Next(const std::string& organisation_id,
                                             const Rescan& rescan, int max) override;
  absl::Status Advance(const std::string& organisation_id, const Rescan& rescan) override;

 private:
  Postgres& postgres_;
  Outbox& outbox_;
};

}  // namespace gatehouse::documents
