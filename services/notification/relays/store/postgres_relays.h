#pragma once

#include <string>
#include <utility>

#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/notification/relays/domain/relay.h"

namespace gatehouse::notification {

class PostgresRelays : public RelayStore {
 public:
  // `key` seals what they sign in with; `trail` knows identity.
  PostgresRelays(Postgres& postgres, Secret key, Outbox& trail)
      : postgres_(postgres), key_(std::move(key)), trail_(trail) {}

  absl::StatusOr<std::optional<Relay>> Find(const std::string& organisation_id,
                                            Channel channel) override;
  absl::StatusOr<Relay> Set(const std::string& organisation_id, Channel channel,
                            const RelayAccount& account) override;
  absl::StatusOr<Relay> BeginTest(const std::string& organisation_id, Channel channel) override;
  absl::StatusOr<Relay> EndTest(const std::string& organisation_id, Channel channel,
                                const std::string& version, const std::string& failure) override;
  absl::Status Note(const std::string& organisation_id, Channel channel,
                    const std::string& failure) override;
  absl::Status Delete(const std::string& organisation_id, Channel channel) override;

 private:
  absl::StatusOr<Relay> From(const std::string& organisation_id, const pqxx::row& row) const;
  std::string Sealed(const std::string& organisation_id, const RelayAccount& account) const;
  absl::StatusOr<RelayAccount> Opened(const std::string& organisation_id,
                                      const pqxx::field& field) const;

  Postgres& postgres_;
  const Secret key_;
  Outbox& trail_;
};

}  // namespace gatehouse::notification
