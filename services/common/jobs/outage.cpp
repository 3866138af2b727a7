#include "services/common/jobs/outage.h"

#include <algorithm>

namespace gatehouse {

bool Outage::Failed(absl::Time now, bool probe, absl::Duration asked) {
  ++in_a_row_;
  const bool begins = !on_ && (in_a_row_ >= kFailures || asked > absl::ZeroDuration());
  if (begins) {
    on_ = true;
    wait_ = first_;
  } else if (on_ && probe) {
    wait_ = std::min(2 * wait_, most_);
  }
  // What was under way when it began says nothing new, but for a longer time that is asked for.
  if (begins || (on_ && probe)) next_probe_ = now + wait_;
  if (on_) next_probe_ = std::max(next_probe_, now + std::min(asked, kAskedMax));
  return begins;
}

bool Outage::Answered() {
  in_a_row_ = 0;
  const bool ends = on_;
  on_ = false;
  return ends;
}

}  // namespace gatehouse
