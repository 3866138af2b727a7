#pragma once

#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/auth/jwt.h"
#include "services/common/base/clock.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::identity {

// The keys that sign principal tokens. One serves 30 days; then any replica makes the next, and the
// old one stays known for as long as its tokens may live. Thread-safe.
class SigningKeys {
 public:
  SigningKeys(Postgres& postgres, Secret key, const Clock& clock)
      : postgres_(postgres), key_(std::move(key)), clock_(clock) {}

  absl::StatusOr<SigningKeyPair> Current();
  // Makes the next key now: every replica signs with it within a minute. With `distrust_old` the
  // earlier ones are forgotten, and what they signed is refused as soon as a service has heard of
  // the new one.
  absl::Status Rotate(bool distrust_old);
  // Newest first; without their private halves.
  absl::StatusOr<std::vector<SigningKeyPair>> Published();

 private:
  absl::StatusOr<SigningKeyPair> Load();

  Postgres& postgres_;
  const Secret key_;
  const Clock& clock_;
  std::mutex mutex_;
  SigningKeyPair current_;
  absl::Time look_again_ = absl::InfinitePast();
};

}  // namespace gatehouse::identity
