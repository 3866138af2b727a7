#include "services/notification/preferences/domain/summary_time.h"

#include "absl/time/civil_time.h"

namespace gatehouse::notification {
namespace {

absl::Time OnDay(absl::CivilDay day, int hour, int minute, const absl::TimeZone& zone) {
  const absl::CivilSecond civil(day.year(), day.month(), day.day(), hour, minute, 0);
  const absl::TimeZone::TimeInfo found = zone.At(civil);
  return found.kind == absl::TimeZone::TimeInfo::SKIPPED ? found.trans : found.pre;
}

}  // namespace

absl::Time NextSummary(int hour, int minute, const absl::TimeZone& zone, absl::Time after) {
  absl::CivilDay day = absl::ToCivilDay(after, zone);
  absl::Time next = OnDay(day, hour, minute, zone);
  // A zone may leave out a whole day, whose time is that of the next one then.
  while (next <= after) next = OnDay(++day, hour, minute, zone);
  return next;
}

}  // namespace gatehouse::notification
