#pragma once

#include <condition_variable>
#include <mutex>

#include "services/identity/passwords/domain/password_hash.h"

namespace gatehouse::identity {

// Argon2id by OWASP's first choice: 19 MiB, two passes. Two at once and six that wait: a flood
// costs 38 MiB and eight threads of the sixteen that serve, and who comes beyond is told to come
// again.
class Argon2 : public PasswordHash {
 public:
  static constexpr int kAtOnce = 2, kWaitingMost = 6;

  absl::StatusOr<std::string> Of(const std::string& password, const std::string& salt) override;

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  int running_ = 0, waiting_ = 0;
};

}  // namespace gatehouse::identity
