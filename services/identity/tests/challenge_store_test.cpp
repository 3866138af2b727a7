#include <set>
#include <thread>

#include "services/identity/tests/fixture.h"

// Challenges in Redis, at the edges of their times.

namespace gatehouse::identity {
namespace {

struct Stored : Fixture {
  const absl::Time begin = absl::FromUnixMillis(absl::ToUnixMillis(absl::Now()));
  const absl::Duration tick = absl::Milliseconds(1);
  ChallengeStore::Started Start(const std::string& id, absl::Duration after,
                                const std::string& link = "lnk_1") {
    auto started = store.Start(id, Ada(link), "mac", "192.0.2.7", begin + after);
    INFO(started.status().ToString());
    REQUIRE(started.ok());
    store.Confirm(*started);
    REQUIRE(redis.Command({"PING"}).ok());  // What was told is done.
    return *started;
  }
  std::string Resend(const std::string& id, absl::Duration after) {
    const auto again = store.Resend(id, Ada(), "192.0.2.7", begin + after);
    if (!again.ok()) return ReasonOf(again.status());
    if (again->send_number > 0) store.Confirm(*again);
    return std::to_string(again->send_number);
  }
  std::string Verify(const std::string& id, const std::string& mac, absl::Duration after,
                     const std::string& nonce = "") {
    const auto verified = store.Verify(id, mac, nonce, begin + after);
    if (!verified.ok()) return ReasonOf(verified.status());
    return verified->attempts_left.has_value() ? std::to_string(*verified->attempts_left) : "right";
  }
};

TEST_CASE_METHOD(Stored, "a challenge lives to the very moment of its end", "[service]") {
  CHECK(Start("chl_1", absl::ZeroDuration()).challenge.expire_time == begin + kCodeLife);
  CHECK(Verify("chl_1", "other", kCodeLife - tick) == "4");
  CHECK(Verify("chl_1", "mac", kCodeLife) == "CHALLENGE_EXPIRED");
  CHECK(Resend("chl_1", kCodeLife) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(Stored, "a code is sent again from the cool-down on", "[service]") {
  CHECK(Start("chl_1", absl::ZeroDuration()).challenge.resend_time == begin + kCoolDown);
  CHECK(Resend("chl_1", kCoolDown - tick) == "0");
  CHECK(Resend("chl_1", kCoolDown) == "2");
  CHECK(Resend("chl_1", kCoolDown + tick) == "0");
  CHECK(Start("chl_2", kCoolDown * 2).send_number == 3);
}

TEST_CASE_METHOD(Stored, "a send lengthens a life to three minutes, and never beyond ten in all",
                 "[service]") {
  Start("chl_1", absl::ZeroDuration());
  const auto again = store.Resend("chl_1", Ada(), "", begin + absl::Minutes(2));
  CHECK(again->challenge.expire_time == begin + kCodeLife);
  store.Confirm(*again);
  CHECK(Resend("chl_1", absl::Minutes(4)) == "3");
  CHECK(Resend("chl_1", kLongestLife - kLeastLife) == "CHALLENGE_EXPIRED");
  CHECK(Verify("chl_1", "mac", kLongestLife - kLeastLife - tick) == "right");
}

TEST_CASE_METHOD(Stored, "the last moment at which a send fits into ten minutes", "[service]") {
  Start("chl_1", absl::ZeroDuration());
  CHECK(Resend("chl_1", absl::Minutes(4)) == "2");
  CHECK(Resend("chl_1", absl::Minutes(6)) == "3");
  CHECK(Resend("chl_1", kLongestLife - kLeastLife + tick) == "CHALLENGE_EXPIRED");
  CHECK(Resend("chl_1", kLongestLife - kLeastLife) == "4");
}

TEST_CASE_METHOD(Stored, "a challenge of its link and number is found, and no other", "[service]") {
  Start("chl_1", absl::ZeroDuration());
  CHECK(Start("chl_2", tick).challenge.challenge_id == "chl_1");
  CHECK(Start("chl_3", tick, "lnk_2").challenge.challenge_id == "chl_3");
  Subject renumbered = Ada();
  renumbered.mobile = "+61412345679";
  CHECK(store.Start("chl_4", renumbered, "mac", "", begin)->challenge.challenge_id == "chl_4");
  Subject elsewhere = Ada();
  elsewhere.organisation_id = "other";
  CHECK(store.Start("chl_5", elsewhere, "mac", "", begin)->challenge.challenge_id == "chl_5");
}

TEST_CASE_METHOD(Stored, "one that has served, or is locked, is followed by a fresh one",
                 "[service]") {
  Start("chl_1", absl::ZeroDuration());
  CHECK(Verify("chl_1", "mac", tick) == "right");
  CHECK(Start("chl_2", tick).challenge.challenge_id == "chl_2");
  for (int left = kTries - 1; left >= 0; --left) {
    CHECK(Verify("chl_2", "other", tick) == std::to_string(left));
  }
  CHECK(Verify("chl_2", "mac", tick) == "CHALLENGE_LOCKED");
  CHECK(Start("chl_3", tick).challenge.challenge_id == "chl_3");
}

TEST_CASE_METHOD(Stored, "the time for a double submit ends at half a minute", "[service]") {
  Start("chl_1", absl::ZeroDuration());
  CHECK(Verify("chl_1", "mac", tick, "nonce") == "right");
  CHECK(Verify("chl_1", "mac", tick + kDoubleSubmit - tick, "nonce") == "right");
  CHECK(Verify("chl_1", "mac", tick + kDoubleSubmit, "nonce") == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(Stored, "what is unknown has expired", "[service]") {
  CHECK(Verify("chl_none", "mac", tick) == "CHALLENGE_EXPIRED");
  CHECK(Resend("chl_none", tick) == "CHALLENGE_EXPIRED");
  CHECK(ReasonOf(store.Find("chl_none").status()) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(Stored, "the addresses of one IPv6 network are one client", "[service]") {
  const auto start = [&](int number, const std::string& address) {
    const std::string n = std::to_string(number);
    const Subject subject = Ada("lnk_" + n, "+6141" + std::to_string(1000000 + number));
    return store.Start("chl_" + n, subject, "mac", address, begin).status();
  };
  for (int number = 0; number < kCodesAMinute; ++number) {
    REQUIRE(start(number, "2001:db8:1:2::" + std::to_string(number + 1)).ok());
  }
  CHECK(ReasonOf(start(1000, "2001:db8:1:2:ffff::1")) == "CODE_LIMIT_REACHED");
  CHECK(start(1000, "2001:db8:1:3::1").ok());
  CHECK(start(1001, "192.0.2.7").ok());
}

TEST_CASE_METHOD(Stored, "Redis learns neither number nor address, nor what it is about",
                 "[service]") {
  Start("chl_1", absl::ZeroDuration());
  std::string all;
  const auto keys = redis.Command({"KEYS", "gatehouse:*"});
  REQUIRE(keys.ok());
  for (const RedisReply& key : keys->array) {
    all += key.string;
    const auto text = redis.Command({"GET", key.string});
    if (text.ok()) all += text->string;
    const auto fields = redis.Command({"HGETALL", key.string});
    if (!fields.ok()) continue;
    for (const RedisReply& field : fields->array) all += field.string;
  }
  CHECK(all.find("chl_1") != std::string::npos);
  for (const char* secret : {"61412345678", "xample.com", "192.0.2.7", "deal-1", "inv_1", "Ada"}) {
    INFO(secret);
    CHECK(all.find(secret) == std::string::npos);
  }
}

TEST_CASE_METHOD(Stored, "a record that another key sealed is not read", "[service]") {
  Start("chl_1", absl::ZeroDuration());
  RedisChallengeStore stranger(redis, Secret(RandomBytes(32)));
  CHECK_FALSE(stranger.Find("chl_1").ok());
  CHECK(store.Find("chl_1")->email == "Ada@example.com");
}

TEST_CASE_METHOD(Stored, "many who start at once are sent one code", "[service]") {
  std::mutex mutex;
  std::set<std::string> ids;
  std::atomic<int> first = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const auto started =
          store.Start("chl_" + std::to_string(t), Ada(), "mac", "192.0.2.7", begin);
      if (!started.ok()) return;
      const std::lock_guard lock(mutex);
      ids.insert(started->challenge.challenge_id);
      // Until it is confirmed it is due for each of them, under one number, which counts once.
      first += started->send_number == 1 ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(ids.size() == 1);
  CHECK(first == 8);
}

}  // namespace
}  // namespace gatehouse::identity
