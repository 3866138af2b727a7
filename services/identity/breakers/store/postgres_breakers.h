#pragma once

#include "services/common/postgres/postgres.h"
#include "services/identity/breakers/domain/breaker.h"

namespace gatehouse::identity {

class PostgresBreakers : public BreakerStore {
 public:
  explicit PostgresBreakers(Postgres& postgres) : postgres_(postgres) {}

  absl::Status Note(const HeldBack& held, const Call& call) override;
  absl::StatusOr<std::vector<Breaker>> List(const std::string& organisation_id,
                                            const Page& page) override;
  absl::StatusOr<Breaker> Reset(const std::string& breaker_id, const Forget& forget,
                                const Call& call) override;

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::identity
