#pragma once

#include "absl/time/time.h"

namespace gatehouse {

// Whether what a lane's jobs go to is away, as far as their attempts tell. An outage begins with
// the third failure in a row that the destination is to blame for, so that one job which nothing
// can be done for pauses no other; or at once, where the destination asks to be left alone. While
// it lasts one job at a time is tried, a probe; the first one that is answered ends it.
class Outage {
 public:
  static constexpr int kFailures = 3;
  // However long a destination asks to be left alone.
  static constexpr absl::Duration kAskedMax = absl::Hours(1);

  // Between probes: doubling from `first` to `most`.
  Outage(absl::Duration first, absl::Duration most) : first_(first), most_(most) {}

  // An attempt failed; `asked`: how long the destination asks to be left alone. True: the outage
  // begins with it.
  bool Failed(absl::Time now, bool probe, absl::Duration asked);
  // An attempt was answered. True: that ends an outage.
  bool Answered();

  bool is_on() const { return on_; }
  absl::Time next_probe() const { return next_probe_; }

 private:
  const absl::Duration first_, most_;
  bool on_ = false;
  int in_a_row_ = 0;
  absl::Duration wait_;
  absl::Time next_probe_ = absl::InfinitePast();
};

}  // namespace gatehouse
