#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/auth/auth.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/common/redis/redis.h"
#include "tests/support/private_redis.h"
#include "tests/support/test_database.h"

namespace gatehouse {
namespace {

// Two processes that know one session, which identity may end.
struct TwoGateways {
  explicit TwoGateways(const Secret& url) : redis(url) {
    for (Gateway* gateway : {&first, &second}) {
      gateway->listener = std::make_unique<RevocationListener>(gateway->cache, redis, url);
    }
    CHECK(Within(absl::Seconds(3), [&] { return Hears(); }));
  }

  struct Gateway {
    explicit Gateway(std::atomic<bool>& ended)
        : cache(
              {[&ended](const Secret&) -> absl::StatusOr<identity::v1::ExchangeCredentialResponse> {
                 if (ended) return Refuse(common::v1::CREDENTIAL_INVALID, "ended");
                 identity::v1::ExchangeCredentialResponse response;
                 response.mutable_principal()->set_kind(identity::v1::Principal::CLIENT);
                 response.mutable_principal()->set_credential_id("session_1");
                 *response.mutable_expire_time() = ToProto(absl::Now() + absl::Seconds(45));
                 return response;
               },
               [] { return identity::v1::ListSigningKeysResponse(); }},
              clock) {}
    bool Serves(const char* token = "session") { return cache.Authenticate(Secret(token)).ok(); }
    bool Keeps(const char* token = "session") { return cache.Cached(Secret(token)) != nullptr; }

    const Clock clock;
    CachingAuthenticator cache;
    std::unique_ptr<RevocationListener> listener;
  };

  bool Hears() {
    return first.cache.Unheard() < absl::Seconds(1) && second.cache.Unheard() < absl::Seconds(1);
  }
  static bool Within(absl::Duration time, const std::function<bool()>& holds) {
    const absl::Time end = absl::Now() + time;
    while (!holds()) {
      if (absl::Now() >= end) return false;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return true;
  }
  // As identity does it.
  absl::Status End() {
    ended = true;
    return PublishRevocation(redis, {"session_1"});
  }

  std::atomic<bool> ended = false;
  Redis redis;
  Gateway first{ended}, second{ended};
};

TEST_CASE("a revocation is heard by every process before it is acknowledged", "[service]") {
  TwoGateways house(TestRedisUrl());
  REQUIRE(house.first.Serves());
  REQUIRE(house.second.Serves());
  REQUIRE(house.End().ok());
  CHECK_FALSE(house.first.Serves());
  CHECK_FALSE(house.second.Serves());
}

TEST_CASE("revocations that concern others leave what is kept", "[service]") {
  TwoGateways house(TestRedisUrl());
  REQUIRE(house.first.Serves());
  for (int i = 0; i < 50; ++i) {
    REQUIRE(PublishRevocation(house.redis, {absl::StrCat("session_1", i), "", "x,y"}).ok());
  }
  CHECK(house.first.Keeps());
}

TEST_CASE("what is no revocation is passed over", "[service]") {
  TwoGateways house(TestRedisUrl());
  REQUIRE(house.first.Serves());
  for (const char* odd : {"", "|", "x", "a|b|c", "session_1"}) {
    REQUIRE(house.redis.Command({"PUBLISH", "gatehouse:revoked", odd}).ok());
  }
  REQUIRE(PublishRevocation(house.redis, {"another"}).ok());  // And it listens still.
  CHECK(house.first.Keeps());
}

TEST_CASE("while Redis hangs a revocation holds within five seconds everywhere", "[service]") {
  PrivateRedis redis;
  TwoGateways house(redis.url());
  REQUIRE(house.first.Serves());
  REQUIRE(house.second.Serves());
  redis.Hang();
  const absl::Time hung = absl::Now();
  house.ended = true;
  absl::Status told;
  std::thread telling([&] { told = house.End(); });
  CHECK(house.Within(absl::Milliseconds(5200),
                     [&] { return !house.first.Serves() && !house.second.Serves(); }));
  CHECK(absl::Now() - hung < absl::Seconds(6));
  telling.join();
  CHECK_FALSE(told.ok());
  // Whoever is let in meanwhile is asked about again soon.
  house.ended = false;
  REQUIRE(house.first.Serves("late"));
  CHECK(house.first.Keeps("late"));
  CHECK(house.Within(absl::Milliseconds(5200), [&] { return !house.first.Keeps("late"); }));
  redis.GoOn();
  CHECK(house.Within(absl::Seconds(6), [&] { return house.Hears(); }));
  REQUIRE(house.first.Serves("late"));
  absl::SleepFor(absl::Milliseconds(5500));
  CHECK(house.first.Keeps("late"));
  REQUIRE(house.End().ok());
  CHECK_FALSE(house.first.Keeps("late"));
}

TEST_CASE("a Redis that is replaced is listened to again, and what was missed is asked about",
          "[service]") {
  PrivateRedis redis;
  TwoGateways house(redis.url());
  REQUIRE(house.second.Serves());
  redis.Kill();
  CHECK(house.Within(absl::Seconds(2), [&] { return !house.second.Keeps(); }));
  house.ended = true;  // Nobody can tell.
  redis.Start();
  CHECK(house.Within(absl::Seconds(5), [&] { return house.Hears(); }));
  CHECK_FALSE(house.second.Serves());
}

TEST_CASE("how long nothing was heard is shown", "[service]") {
  PrivateRedis redis;
  TwoGateways house(redis.url());
  const auto shown = [] {
    const std::string text = MetricsText(), name = "\ngatehouse_revocations_unheard_seconds ";
    const size_t at = text.find(name);
    return at == std::string::npos ? -1 : std::atof(text.c_str() + at + name.size());
  };
  CHECK(shown() >= 0);
  CHECK(shown() < 1.5);
  redis.Hang();
  absl::SleepFor(absl::Seconds(2));
  CHECK(shown() > 1.5);
  redis.GoOn();
}

}  // namespace
}  // namespace gatehouse
