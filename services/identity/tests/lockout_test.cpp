#include "services/identity/domain/lockout.h"

#include <thread>

#include "google/rpc/status.pb.h"
#include "services/identity/tests/fixture.h"

// Wrong codes in a row: across challenges, across threads, and until staff act.

namespace gatehouse::identity {
namespace {

TEST_CASE("ten wrong codes bring a quarter of an hour, doubling to an hour; a hundred the end",
          "[unit]") {
  CHECK(LockoutAfter(9).wait == absl::ZeroDuration());
  CHECK(LockoutAfter(10).wait == absl::Minutes(15));
  CHECK(LockoutAfter(20).wait == absl::Minutes(30));
  CHECK(LockoutAfter(30).wait == absl::Hours(1));
  CHECK(LockoutAfter(90).wait == absl::Hours(1));
  CHECK_FALSE(LockoutAfter(99).disabled);
  CHECK(LockoutAfter(100).disabled);
  CHECK(LockoutAfter(101).disabled);
}

TEST_CASE("a lock says how long, and what is disabled says whom to ask", "[unit]") {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  CHECK(LockedUntil({}, now).ok());
  CHECK(LockedUntil({.locked_until = now}, now).ok());
  const absl::Status locked = LockedUntil({.locked_until = now + absl::Seconds(90)}, now);
  CHECK(ReasonOf(locked) == "SIGN_IN_LOCKED");
  CHECK(ToRpcStatus(locked).details_size() == 2);  // The reason, and the wait.
  const absl::Status disabled = LockedUntil({.disabled = true}, now);
  CHECK(ReasonOf(disabled) == "SIGN_IN_DISABLED");
  CHECK(absl::IsFailedPrecondition(disabled));
}

struct Locks : Fixture {
  FactorKey ada = challenges.KeyOf("acme", "ada", "+61412345678");
  void Fail(int times) {
    for (int i = 0; i < times; ++i) REQUIRE(access.CountFailure(ada).ok());
  }
  int Failures() {
    return database.Exec("SELECT coalesce(sum(failures), 0) FROM factor")[0][0].as<int>();
  }
};

TEST_CASE_METHOD(Locks, "wrong codes of several challenges count together", "[service]") {
  for (int challenge = 0; challenge < 2; ++challenge) {
    const auto started = challenges.Start(Ada("lnk_" + std::to_string(challenge)), call);
    REQUIRE(started.ok());
    for (int i = 0; i < 5; ++i) {
      CHECK(ReasonOf(Verify(started->challenge_id, Wrong()).status()) == "CODE_WRONG");
    }
  }
  CHECK(Failures() == 10);
  CHECK(ReasonOf(challenges.Start(Ada("lnk_9"), call).status()) == "SIGN_IN_LOCKED");
}

TEST_CASE_METHOD(Locks, "failures at once are counted each", "[service]") {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) (void)access.CountFailure(ada);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(Failures() == 40);
  CHECK(ReasonOf(challenges.Start(Ada(), call).status()) == "SIGN_IN_LOCKED");
}

TEST_CASE_METHOD(Locks, "while it is locked the right code does not enter", "[service]") {
  const std::string id = StartedId();
  const std::string code = messenger.codes.back();
  Fail(10);
  CHECK(ReasonOf(Verify(id, code).status()) == "SIGN_IN_LOCKED");
  database.Exec("UPDATE factor SET locked_until = now() - interval '1 second'");
  // With the page's nonce it is the same submit, once the lock is over.
  CHECK(Verify(id, code).ok());
  CHECK(Failures() == 0);
}

TEST_CASE_METHOD(Locks, "the right code forgets what was wrong before it", "[service]") {
  Fail(9);
  const std::string id = StartedId();
  CHECK(ReasonOf(Verify(id, Wrong()).status()) == "CODE_WRONG");
  database.Exec("UPDATE factor SET locked_until = '-infinity'");
  CHECK(Verify(id, messenger.codes.back()).ok());
  CHECK(Failures() == 0);
}

TEST_CASE_METHOD(Locks, "a code that was asked for ahead of a locked client is not sent",
                 "[service]") {
  Fail(10);
  CHECK(challenges.Offer(Ada(), "r1", clock.Now() + absl::Minutes(5), call).ok());
  CHECK(messenger.codes.empty());
}

TEST_CASE_METHOD(Locks, "a hundred failures stay until staff act, whatever time goes by",
                 "[service]") {
  Fail(100);
  clock.ahead = absl::Hours(1000);
  CHECK(ReasonOf(challenges.Start(Ada(), call).status()) == "SIGN_IN_DISABLED");
  REQUIRE(challenges.Unlock("ada", "+61412345678", "deal-1", {"sam", "Sam"}, call).ok());
  CHECK(challenges.Start(Ada(), call).ok());
  // Unlocking what is not locked is harmless.
  CHECK(challenges.Unlock("ada", "+61412345678", "deal-1", {"sam", "Sam"}, call).ok());
  CHECK(challenges.Unlock("nobody", "+61400000000", "deal-1", {"sam", "Sam"}, call).ok());
}

TEST_CASE_METHOD(Locks, "one client's lock is no other's", "[service]") {
  Fail(100);
  Subject bob = Ada("lnk_2", "+61412345679");
  bob.access.contact_id = "bob";
  CHECK(challenges.Start(bob, call).ok());
  Subject elsewhere = Ada("lnk_3");
  elsewhere.organisation_id = "other";
  CHECK(challenges.Start(elsewhere, call).ok());
}

}  // namespace
}  // namespace gatehouse::identity
