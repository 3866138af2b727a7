#include "services/common/process/readiness.h"

#include <catch2/catch.hpp>
#include <latch>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/process/operations.h"

namespace gatehouse {
namespace {

constexpr Readiness::Pace kQuick = {.every = absl::Milliseconds(5),
                                    .patience = absl::Milliseconds(50),
                                    .stale = absl::Milliseconds(100)};

bool Becomes(const Readiness& readiness, bool ready) {
  const absl::Time end = absl::Now() + absl::Seconds(5);
  while (readiness.Now().ok() != ready && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  return readiness.Now().ok() == ready;
}

TEST_CASE("a process is ready as its last check says", "[unit]") {
  std::atomic<bool> good = false;
  Readiness readiness(
      [&] { return good ? absl::OkStatus() : absl::UnavailableError("the database is away"); },
      kQuick);
  CHECK_FALSE(readiness.Now().ok());
  good = true;
  CHECK(Becomes(readiness, true));
  good = false;
  CHECK(Becomes(readiness, false));
  CHECK(readiness.Now().message() == "the database is away");
  good = true;
  CHECK(Becomes(readiness, true));
  readiness.Drain();
  CHECK(readiness.Now().message() == "draining");
}

TEST_CASE("without a check a process is ready until it leaves", "[unit]") {
  Readiness readiness(nullptr);
  CHECK(readiness.Now().ok());
  CHECK(absl::StrContains(MetricsText(), "gatehouse_ready 1"));
  readiness.Drain();
  CHECK_FALSE(readiness.Now().ok());
  CHECK(absl::StrContains(MetricsText(), "gatehouse_ready 0"));
}

TEST_CASE("a check that hangs holds nobody who asks, and counts as failed", "[unit]") {
  std::atomic<bool> hang = false;
  std::latch go(1);
  Readiness readiness(
      [&] {
        if (hang) go.wait();
        return absl::OkStatus();
      },
      kQuick);
  CHECK(Becomes(readiness, true));
  hang = true;
  CHECK(Becomes(readiness, false));
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 100; ++i) (void)readiness.Now();
  CHECK(absl::Now() - begin < absl::Milliseconds(50));
  hang = false;
  go.count_down();
  CHECK(Becomes(readiness, true));
}

TEST_CASE("a check runs under a deadline of its own", "[unit]") {
  std::atomic<bool> bounded = false;
  const Readiness readiness(
      [&] {
        const absl::Duration left = Call::Current().deadline - absl::Now();
        bounded = left > absl::ZeroDuration() && left <= kQuick.patience;
        return absl::OkStatus();
      },
      kQuick);
  CHECK(Becomes(readiness, true));
  CHECK(bounded);
}

}  // namespace
}  // namespace gatehouse
