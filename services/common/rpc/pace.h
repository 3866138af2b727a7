#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace gatehouse {

// Whether a peer keeps up: every byte that moves allows it the time that the least rate takes for
// it, and nobody saves up more than a grace. Counts only the time in which we wait for the peer.
class Pace {
 public:
  // `rate` in bytes a second; 0: nobody is too slow.
  Pace(int64_t rate, absl::Duration grace) : rate_(rate), grace_(grace), left_(grace) {}

  // From now on we wait for the peer: to send something (0 bytes are known of it), or to take so
  // many bytes.
  void Wait(absl::Time now, int64_t bytes) {
    since_ = now;
    bytes_ = bytes;
  }
  // We wait no more; `bytes` have come, or those that were known have left.
  void Moved(absl::Time now, int64_t bytes) {
    if (rate_ == 0 || since_ == absl::InfiniteFuture()) return;
    left_ = std::min(grace_, left_ - (now - since_) + TimeFor(bytes));
    since_ = absl::InfiniteFuture();
  }
  // When the peer is too slow, if nothing moves until then.
  absl::Time End() const {
    return rate_ == 0 || since_ == absl::InfiniteFuture() ? absl::InfiniteFuture()
                                                          : since_ + left_ + TimeFor(bytes_);
  }

 private:
  absl::Duration TimeFor(int64_t bytes) const {
    return absl::Seconds(static_cast<double>(bytes) / static_cast<double>(rate_));
  }

  const int64_t rate_;
  const absl::Duration grace_;
  absl::Duration left_;
  absl::Time since_ = absl::InfiniteFuture();
  int64_t bytes_ = 0;
};

}  // namespace gatehouse
