#include "services/identity/passwords/argon2.h"

#include <sodium.h>

#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::identity {
namespace {

constexpr size_t kMemory = 19 * 1024 * 1024;
constexpr unsigned long long kPasses = 2;
constexpr size_t kTagSize = 32;

}  // namespace

absl::StatusOr<std::string> Argon2::Of(const std::string& password, const std::string& salt) {
  if (salt.size() != crypto_pwhash_SALTBYTES) return absl::InternalError("a salt of another size");
  {
    std::unique_lock lock(mutex_);
    if (running_ == kAtOnce && waiting_ == kWaitingMost) {
      return RefuseUntil(v1::PASSWORD_LIMIT_REACHED, "too many sign in at once: try again",
                         absl::Seconds(1));
    }
    ++waiting_;
    freed_.wait(lock, [&] { return running_ < kAtOnce; });
    --waiting_;
    ++running_;
  }
  std::string tag(kTagSize, '\0');
  const int failed =
      crypto_pwhash(reinterpret_cast<unsigned char*>(tag.data()), tag.size(), password.data(),
                    password.size(), reinterpret_cast<const unsigned char*>(salt.data()), kPasses,
                    kMemory, crypto_pwhash_ALG_ARGON2ID13);
  {
    const std::lock_guard lock(mutex_);
    --running_;
  }
  freed_.notify_one();
  if (failed != 0) return absl::ResourceExhaustedError("no memory for a password's hash");
  return tag;
}

}  // namespace gatehouse::identity
