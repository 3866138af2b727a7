#pragma once

#include "absl/time/time.h"

namespace gatehouse::notification {

// The first time after `after` at which the clocks of the zone show this hour and minute. Each day
// has one: where they skip it, when they do; where they show it twice, the first of both.
absl::Time NextSummary(int hour, int minute, const absl::TimeZone& zone, absl::Time after);

}  // namespace gatehouse::notification
