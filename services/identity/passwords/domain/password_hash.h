#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace gatehouse::identity {

// Makes of a password what costs time and memory to make, and leads nowhere back.
class PasswordHash {
 public:
  virtual ~PasswordHash() = default;
  // 32 bytes; the same of the same password and salt, which is of 16 bytes. Refuses
  // PASSWORD_LIMIT_REACHED while too many are being made already.
  virtual absl::StatusOr<std::string> Of(const std::string& password, const std::string& salt) = 0;
};

}  // namespace gatehouse::identity
