#pragma once

#include <string>

#include "services/common/redis/redis.h"
#include "services/identity/passwords/domain/password_store.h"

namespace gatehouse::identity {

constexpr int kTriesAMinute = 30;   // From a client's address, of IPv6 from its /64.
constexpr int kElsewhereADay = 10;  // Wrong ones for an address, by links.
constexpr int kResetsAnHour = 3;    // For an account.
constexpr absl::Duration kResetLife = absl::Minutes(30);

class RedisPasswordLimits : public PasswordLimits {
 public:
  // `key` makes what addresses are known by there, and seals what links mean.
  RedisPasswordLimits(Redis& redis, Secret key) : redis_(redis), key_(std::move(key)) {}

  absl::Status CountTry(const std::string& client_address) override;
  absl::StatusOr<bool> MayTryElsewhere(const std::string& email_key, bool count) override;
  absl::StatusOr<bool> KeepReset(const std::string& token_hash, const PasswordKey& key,
                                 int64_t version) override;
  absl::StatusOr<Reset> FindReset(const std::string& token_hash) override;

 private:
  std::string Named(const std::string& what, const std::string& text) const;

  Redis& redis_;
  const Secret key_;
};

}  // namespace gatehouse::identity
