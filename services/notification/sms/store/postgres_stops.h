#pragma once

#include <string>
#include <utility>

#include "services/common/base/secret.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/notification/sms/domain/stops.h"

namespace gatehouse::notification {

class PostgresStops : public StopStore {
 public:
  // `key` makes what numbers are known by; `trail` knows identity.
  PostgresStops(Postgres& postgres, Secret key, Outbox& trail)
      : postgres_(postgres), key_(std::move(key)), trail_(trail) {}

  absl::StatusOr<Stop> Find(const std::string& organisation_id, const std::string& number) override;
  absl::Status Say(const std::string& organisation_id, const std::string& number, bool stop,
                   const std::string& provider_id) override;
  absl::Status Learn(const std::string& organisation_id, const std::string& number) override;
  absl::StatusOr<Stop> Lift(const std::string& organisation_id, const std::string& number) override;
  absl::Status Add(const std::string& organisation_id, const std::string& message_id,
                   const Receipt& receipt) override;
  absl::StatusOr<std::string> ProviderIdOf(const std::string& organisation_id,
                                           const std::string& message_id) override;

 private:
  std::string Hashed(const std::string& number) const;

  Postgres& postgres_;
  const Secret key_;
  Outbox& trail_;
};

}  // namespace gatehouse::notification
