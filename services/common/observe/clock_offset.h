#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/base/clock.h"

namespace gatehouse {

// How far a store's clock is ahead of this process's, as last measured; the gauge
// gatehouse_clock_offset_seconds{store} shows it. Thread-safe.
class ClockOffset {
 public:
  explicit ClockOffset(const char* store) : store_(store) {}

  // The store said `theirs` at some moment between `begin` and `end` of our clock. Where these lie
  // half a second apart or more nothing is learned.
  void Measured(absl::Time begin, absl::Time theirs, absl::Time end);
  // None before the first measurement.
  absl::Duration offset() const { return absl::Nanoseconds(nanoseconds_.load()); }
  // FAILED_PRECONDITION, in a sentence, where it is more than `max` either way.
  absl::Status Check(absl::Duration max) const;

 private:
  const char* const store_;
  std::atomic<int64_t> nanoseconds_ = 0;
};

// The time of day by a store's clock: what lies in the store is judged by all processes alike,
// whatever their own clocks say.
class StoreClock : public Clock {
 public:
  explicit StoreClock(const ClockOffset& offset) : offset_(offset) {}
  absl::Time Now() const override { return absl::Now() + offset_.offset(); }

 private:
  const ClockOffset& offset_;
};

}  // namespace gatehouse
