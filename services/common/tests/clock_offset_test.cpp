#include "services/common/observe/clock_offset.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1'700'000'000);

TEST_CASE("a store's clock is compared with the middle of the question", "[unit]") {
  ClockOffset offset("postgres");
  CHECK(offset.offset() == absl::ZeroDuration());
  offset.Measured(kNoon, kNoon + absl::Seconds(10), kNoon + absl::Milliseconds(100));
  CHECK(offset.offset() == absl::Seconds(10) - absl::Milliseconds(50));
  offset.Measured(kNoon, kNoon - absl::Minutes(10), kNoon);
  CHECK(offset.offset() == -absl::Minutes(10));
  CHECK(
      absl::StrContains(MetricsText(), "gatehouse_clock_offset_seconds{store=\"postgres\"} -600"));
}

TEST_CASE("an answer that was long on its way says nothing of a clock", "[unit]") {
  ClockOffset offset("postgres");
  offset.Measured(kNoon, kNoon + absl::Seconds(1), kNoon);
  offset.Measured(kNoon, kNoon + absl::Hours(1), kNoon + absl::Seconds(3));
  CHECK(offset.offset() == absl::Seconds(1));
  // Our own clock was set back meanwhile.
  offset.Measured(kNoon, kNoon + absl::Hours(1), kNoon - absl::Seconds(3));
  CHECK(offset.offset() == absl::Seconds(1));
}

TEST_CASE("a clock that is seconds off says so in a sentence", "[unit]") {
  ClockOffset offset("redis");
  CHECK(offset.Check(absl::Seconds(5)).ok());
  offset.Measured(kNoon, kNoon + absl::Seconds(5), kNoon);
  CHECK(offset.Check(absl::Seconds(5)).ok());
  offset.Measured(kNoon, kNoon + absl::Minutes(10), kNoon);
  CHECK(offset.Check(absl::Seconds(5)).message() == "the clock here is 10m behind that of redis");
  offset.Measured(kNoon, kNoon - absl::Minutes(10), kNoon);
  CHECK(offset.Check(absl::Seconds(5)).message() == "the clock here is 10m ahead of that of redis");
  CHECK(offset.Check(absl::Hours(1)).ok());
}

TEST_CASE("the time by a store's clock is ours, corrected", "[unit]") {
  ClockOffset offset("postgres");
  const StoreClock clock(offset);
  CHECK(absl::AbsDuration(clock.Now() - absl::Now()) < absl::Seconds(1));
  const absl::Time now = absl::Now();
  offset.Measured(now, now + absl::Hours(1), now);
  CHECK(absl::AbsDuration(clock.Now() - absl::Now() - absl::Hours(1)) < absl::Seconds(1));
}

}  // namespace
}  // namespace gatehouse
