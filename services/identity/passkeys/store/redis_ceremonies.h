#pragma once

#include <string>
#include <utility>

#include "services/common/base/secret.h"
#include "services/common/redis/redis.h"
#include "services/identity/passkeys/domain/passkey_store.h"

namespace gatehouse::identity {

// Ceremonies in Redis, sealed, which learns neither ids nor addresses.
class RedisPasskeyCeremonies : public PasskeyCeremonies {
 public:
  RedisPasskeyCeremonies(Redis& redis, Secret key) : redis_(redis), key_(std::move(key)) {}

  absl::Status Keep(const std::string& challenge_id, const BegunCeremony& ceremony,
                    const std::string& client_address) override;
  absl::StatusOr<BegunCeremony> Take(const std::string& challenge_id) override;

 private:
  std::string Named(const std::string& what, const std::string& text) const;

  Redis& redis_;
  const Secret key_;
};

}  // namespace gatehouse::identity
