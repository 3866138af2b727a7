#include "services/common/observe/clock_offset.h"

#include "absl/strings/str_cat.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kTooSlow = absl::Milliseconds(500);

}  // namespace

void ClockOffset::Measured(absl::Time begin, absl::Time theirs, absl::Time end) {
  if (end < begin || end - begin >= kTooSlow) return;
  const absl::Duration offset = theirs - (begin + (end - begin) / 2);
  nanoseconds_ = absl::ToInt64Nanoseconds(offset);
  SetGauge("gatehouse_clock_offset_seconds", {{"store", store_}}, absl::ToDoubleSeconds(offset));
}

absl::Status ClockOffset::Check(absl::Duration max) const {
  if (absl::AbsDuration(offset()) <= max) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the clock here is ", absl::FormatDuration(absl::AbsDuration(offset())),
                   offset() > absl::ZeroDuration() ? " behind" : " ahead of", " that of ", store_));
}

}  // namespace gatehouse
