#pragma once

#include <optional>
#include <string>
#include <utility>

#include "services/common/base/secret.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/notification/mailboxes/domain/mailboxes.h"

namespace gatehouse::notification {

class PostgresMailboxes : public MailboxStore {
 public:
  // `key` makes what addresses are known by; `trail` knows identity.
  PostgresMailboxes(Postgres& postgres, Secret key, Outbox& trail)
      : postgres_(postgres), key_(std::move(key)), trail_(trail) {}

  absl::StatusOr<std::optional<absl::Time>> DeadSince(const std::string& organisation_id,
                                                      const std::string& email) override;
  absl::Status Bury(const std::string& organisation_id, const std::string& email) override;
  absl::Status Revive(const std::string& organisation_id, const std::string& email) override;

 private:
  std::string Hashed(const std::string& email) const;

  Postgres& postgres_;
  const Secret key_;
  Outbox& trail_;
};

}  // namespace gatehouse::notification
