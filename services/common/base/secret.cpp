#include "services/common/base/secret.h"

#include <sodium.h>

namespace gatehouse {

// Moving leaves nothing behind: a short string's bytes would stay in the moved-from object.
Secret::Secret(Secret&& other) noexcept : value_(other.value_) {
  sodium_memzero(other.value_.data(), other.value_.size());
  other.value_.clear();
}

Secret& Secret::operator=(Secret other) noexcept {
  value_.swap(other.value_);
  return *this;
}

Secret::~Secret() { sodium_memzero(value_.data(), value_.size()); }

}  // namespace gatehouse
