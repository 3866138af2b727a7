#include <set>
#include <thread>

#include "absl/strings/str_format.h"
#include "services/identity/tests/fixture.h"

// After the right code: who may have its answer again.

namespace gatehouse::identity {
namespace {

constexpr char kNonce[] = "nonce-of-the-page-1";

TEST_CASE_METHOD(Fixture, "who shares the address and the browser gets no second session",
                 "[service]") {
  const std::string id = StartedId();
  const std::string code = messenger.codes.back();
  REQUIRE(Verify(id, code, kNonce).ok());
  // The same call, that is address and user agent, and even the right code.
  CHECK(ReasonOf(Verify(id, code, "nonce-of-a-stranger").status()) == "CHALLENGE_EXPIRED");
  CHECK(ReasonOf(Verify(id, code, "").status()) == "CHALLENGE_EXPIRED");
  CHECK(Verify(id, code, kNonce).ok());
}

TEST_CASE_METHOD(Fixture, "without a nonce the right code is right once", "[service]") {
  const std::string id = StartedId();
  const std::string code = messenger.codes.back();
  REQUIRE(Verify(id, code, "").ok());
  CHECK(ReasonOf(Verify(id, code, "").status()) == "CHALLENGE_EXPIRED");
  CHECK(ReasonOf(Verify(id, code, kNonce).status()) == "CHALLENGE_EXPIRED");
  CHECK(database.Exec("SELECT count(*) FROM session")[0][0].as<int>() == 1);
}

TEST_CASE_METHOD(Fixture, "three wrong repeats end the time for a double submit", "[service]") {
  const std::string id = StartedId();
  const std::string code = messenger.codes.back();
  REQUIRE(Verify(id, code, kNonce).ok());
  CHECK_FALSE(Verify(id, code, "nonce-of-a-stranger").ok());
  CHECK_FALSE(Verify(id, Wrong(), kNonce).ok());
  CHECK(Verify(id, code, kNonce).ok());
  CHECK_FALSE(Verify(id, Wrong(), "nonce-of-a-stranger").ok());
  CHECK(ReasonOf(Verify(id, code, kNonce).status()) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(Fixture, "right repeats are not limited but in time", "[service]") {
  const std::string id = StartedId();
  const std::string code = messenger.codes.back();
  REQUIRE(Verify(id, code, kNonce).ok());
  for (int i = 0; i < 10; ++i) CHECK(Verify(id, code, kNonce).ok());
  clock.ahead = absl::Seconds(31);
  CHECK(ReasonOf(Verify(id, code, kNonce).status()) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(Fixture, "of a thousand guesses after the right code none enters", "[service]") {
  const std::string id = StartedId();
  const std::string code = messenger.codes.back();
  REQUIRE(Verify(id, code, kNonce).ok());
  std::atomic<int> expired = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 125; ++i) {
        // Every eighth is the right code: it is not told from the wrong ones.
        const std::string guess = i % 8 == 0 ? code : absl::StrFormat("%06d", t * 1000 + i);
        const auto entered = Verify(id, guess, "nonce-of-a-stranger");
        expired += ReasonOf(entered.status()) == "CHALLENGE_EXPIRED" ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(expired == 1000);
  CHECK(ReasonOf(Verify(id, code, kNonce).status()) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(Fixture, "of many who race with the right code one enters, and its repeats",
                 "[service]") {
  for (int round = 0; round < 10; ++round) {
    const std::string mobile = "+6140002" + std::to_string(1000 + round);
    const auto started = challenges.Start(Ada("lnk_" + std::to_string(round), mobile), call);
    REQUIRE(started.ok());
    const std::string code = messenger.codes.back();
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::multiset<int> entered;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        const std::string nonce = "nonce-of-the-page-" + std::to_string(t % 4);
        if (!Verify(started->challenge_id, code, nonce).ok()) return;
        const std::lock_guard lock(mutex);
        entered.insert(t % 4);
      });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE_FALSE(entered.empty());
    CHECK(entered.count(*entered.begin()) == entered.size());
  }
  CHECK(database.Exec("SELECT count(*) FROM session")[0][0].as<int>() == 10);
}

}  // namespace
}  // namespace gatehouse::identity
