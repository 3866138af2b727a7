#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace gatehouse {

// The time of day, so that a test can say what time it is.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const { return absl::Now(); }
};

}  // namespace gatehouse
