#include "services/common/jobs/outage.h"

#include <catch2/catch.hpp>

namespace gatehouse {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
constexpr absl::Duration kNone = absl::ZeroDuration();

TEST_CASE("an outage begins with the third failure in a row, and not before", "[unit]") {
  Outage outage(absl::Seconds(1), absl::Seconds(15));
  CHECK_FALSE(outage.Failed(kNow, false, kNone));
  CHECK_FALSE(outage.Failed(kNow, false, kNone));
  SECTION("and an answer between them begins the count anew") {
    CHECK_FALSE(outage.Answered());
    CHECK_FALSE(outage.Failed(kNow, false, kNone));
    CHECK_FALSE(outage.Failed(kNow, false, kNone));
    CHECK_FALSE(outage.is_on());
  }
  SECTION("once") {
    CHECK(outage.Failed(kNow, false, kNone));
    CHECK_FALSE(outage.Failed(kNow, false, kNone));
    CHECK(outage.is_on());
  }
}

TEST_CASE("it is probed after a time that doubles to its most, and an answer ends it", "[unit]") {
  Outage outage(absl::Seconds(1), absl::Seconds(15));
  for (int i = 0; i < Outage::kFailures; ++i) outage.Failed(kNow, false, kNone);
  CHECK(outage.next_probe() == kNow + absl::Seconds(1));
  // What was under way when it began says nothing new.
  outage.Failed(kNow + absl::Milliseconds(500), false, kNone);
  CHECK(outage.next_probe() == kNow + absl::Seconds(1));
  absl::Time now = kNow;
  for (const int seconds : {2, 4, 8, 15, 15}) {
    now = outage.next_probe();
    outage.Failed(now, true, kNone);
    CHECK(outage.next_probe() == now + absl::Seconds(seconds));
  }
  CHECK(outage.Answered());
  CHECK_FALSE(outage.is_on());
  CHECK_FALSE(outage.Answered());
  // The next one begins with a short wait again.
  for (int i = 0; i < Outage::kFailures; ++i) outage.Failed(now, false, kNone);
  CHECK(outage.next_probe() == now + absl::Seconds(1));
}

TEST_CASE("who asks to be left alone is, at once, and for an hour at most", "[unit]") {
  Outage outage(absl::Seconds(1), absl::Seconds(15));
  CHECK(outage.Failed(kNow, false, absl::Seconds(120)));
  CHECK(outage.next_probe() == kNow + absl::Seconds(120));
  outage.Failed(kNow, false, absl::Seconds(60));
  CHECK(outage.next_probe() == kNow + absl::Seconds(120));
  outage.Failed(kNow, true, absl::Hours(100));
  CHECK(outage.next_probe() == kNow + absl::Hours(1));
}

}  // namespace
}  // namespace gatehouse
