#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace gatehouse::identity {

// What wrong codes in a row bring (system.md, "Entering"; NIST SP 800-63B, 5.2.2 asks for at most
// one hundred): every ten a lock of 15 minutes that doubles to an hour, and at one hundred the end
// until staff act.
struct Lockout {
  absl::Duration wait = absl::ZeroDuration();
  bool disabled = false;
};

inline Lockout LockoutAfter(int failures) {
  if (failures >= 100) return {absl::ZeroDuration(), true};
  if (failures == 0 || failures % 10 != 0) return {};
  return {std::min(absl::Minutes(15) * (1 << std::min(failures / 10 - 1, 4)), absl::Hours(1)),
          false};
}

}  // namespace gatehouse::identity
