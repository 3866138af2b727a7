#include <set>
#include <thread>

#include "services/identity/breakers/breakers_handler.h"
#include "services/identity/breakers/store/postgres_breakers.h"
#include "services/identity/tests/fixture.h"

// Codes that are asked for and never typed: how many a country and an address may have.

namespace gatehouse::identity {
namespace {

struct Breaking : Fixture {
  const absl::Time begin = absl::FromUnixMillis(absl::ToUnixMillis(absl::Now()));
  const absl::Duration spent = kCodeLife;  // After which a code that was not typed counts.
  PostgresBreakers breakers{database.postgres()};
  BreakersHandler breakers_handler{breakers, store};

  // What each is sent with: another number, another link, and an address of its own.
  Subject Client(int number, const std::string& prefix = "+6141") {
    const std::string n = std::to_string(number);
    return Ada("lnk_" + n, prefix + std::to_string(1000000 + number));
  }
  static std::string AddressOf(int number) { return "10.1." + std::to_string(number) + ".1"; }
  std::string Send(const Subject& subject, const std::string& id, absl::Duration after,
                   const std::string& address) {
    const auto started = store.Start(id, subject, "mac", address, begin + after);
    if (started.ok()) store.Confirm(*started);
    return started.ok() ? "sent" : ReasonOf(started.status());
  }
  std::string Ask(int number, absl::Duration after = absl::ZeroDuration(),
                  const std::string& prefix = "+6141") {
    return Send(Client(number, prefix), "chl_" + prefix + std::to_string(number), after,
                AddressOf(number));
  }
  void AskAndProve(int number, absl::Duration after = absl::ZeroDuration()) {
    REQUIRE(Ask(number, after) == "sent");
    REQUIRE(store.Verify("chl_+6141" + std::to_string(number), "mac", "", begin + after).ok());
  }
};

TEST_CASE_METHOD(Breaking, "a country whose codes nobody types is sent no more, in an hour",
                 "[service]") {
  for (int i = 0; i < kOfCountry.an_hour; ++i) REQUIRE(Ask(i) == "sent");
  // As long as their codes live somebody may yet type them.
  CHECK(Ask(50, spent - absl::Milliseconds(1)) == "sent");
  CHECK(Ask(51, spent) == "CODES_HELD_BACK");
  REQUIRE(held_back.size() == 1);
  CHECK(held_back[0].country == "AU");
  CHECK(held_back[0].client_address.empty());
  // Other countries are sent theirs, and this one once the hour is over.
  CHECK(Ask(52, spent, "+1212") == "sent");
  CHECK(Ask(53, absl::Hours(1) + absl::Milliseconds(1)) == "sent");
}

TEST_CASE_METHOD(Breaking, "what shares a calling code is another country all the same",
                 "[service]") {
  for (int i = 0; i < kOfCountry.an_hour; ++i) REQUIRE(Ask(i, {}, "+1876") == "sent");  // Jamaica.
  CHECK(Ask(60, spent, "+1876") == "CODES_HELD_BACK");
  CHECK(Ask(60, spent, "+1212") == "sent");  // New York.
}

TEST_CASE_METHOD(Breaking, "spread over a day, twenty numbers are the end", "[service]") {
  for (int i = 0; i < kOfCountry.a_day; ++i) REQUIRE(Ask(i, absl::Minutes(30) * i) == "sent");
  CHECK(Ask(50, absl::Hours(15)) == "CODES_HELD_BACK");
  CHECK(Ask(50, absl::Hours(24) + absl::Milliseconds(1)) == "sent");
}

TEST_CASE_METHOD(Breaking, "a number that proves its code is not held against its country",
                 "[service]") {
  for (int i = 0; i < kOfCountry.an_hour; ++i) REQUIRE(Ask(i) == "sent");
  REQUIRE(store.Verify("chl_+61410", "mac", "", begin + absl::Minutes(1)).ok());
  CHECK(Ask(50, spent) == "sent");
}

TEST_CASE_METHOD(Breaking, "a number counts once, however often it is sent a code", "[service]") {
  for (int i = 0; i < kOfCountry.an_hour - 1; ++i) REQUIRE(Ask(i) == "sent");
  for (int again = 0; again < 3; ++again) {
    CHECK(Send(Client(0), "chl_again" + std::to_string(again), spent + kLongestLife * again,
               AddressOf(0)) == "sent");
  }
}

TEST_CASE_METHOD(Breaking, "who proves many may leave three tenths of them", "[service]") {
  constexpr int kProved = 50;
  for (int i = 0; i < kProved; ++i) AskAndProve(i);
  for (int i = 0; i < kProved * 3 / 10; ++i) REQUIRE(Ask(60 + i) == "sent");
  CHECK(Ask(90, spent) == "CODES_HELD_BACK");
  // The best day of fourteen counts, and no older one: what a day may have follows from it.
  const absl::Duration later = absl::Hours(24 * 15);
  for (int i = 0; i < kOfCountry.an_hour; ++i) REQUIRE(Ask(i + 100, later) == "sent");
  CHECK(Ask(120, later + spent) == "CODES_HELD_BACK");
}

TEST_CASE_METHOD(Breaking, "an address that has codes sent for nothing is sent no more",
                 "[service]") {
  const auto ask = [&](int i, absl::Duration after, const std::string& host) {
    return Send(Client(i), "chl_" + std::to_string(i), after, "2001:db8:1:2::" + host);
  };
  for (int i = 0; i < kOfAddress.an_hour; ++i) {
    REQUIRE(ask(i, absl::ZeroDuration(), std::to_string(i + 1)) == "sent");
  }
  CHECK(ask(20, spent, "ffff") == "CODES_HELD_BACK");
  REQUIRE(held_back.size() == 1);
  CHECK(held_back[0].country.empty());
  CHECK(absl::StrContains(held_back[0].client_address, "2001:db8:1:2"));
  CHECK(Send(Client(20), "chl_20", spent, "2001:db8:1:3::1") == "sent");
}

TEST_CASE_METHOD(Breaking, "what goes out with an invitation, by e-mail or in a sandbox is free",
                 "[service]") {
  for (int i = 0; i < 3 * kOfCountry.a_day; ++i) {
    REQUIRE(Send(Client(i), "chl_a" + std::to_string(i), {}, "") == "sent");
    Subject mailed = Client(i);
    mailed.method = SignInMethod::kEmailCode;
    mailed.email = "ada" + std::to_string(i) + "@example.com";
    REQUIRE(Send(mailed, "che_b" + std::to_string(i), {}, "192.0.2.7") == "sent");
    Subject tried = Client(i);
    tried.organisation_id = "sandbox-acme";
    REQUIRE(Send(tried, "chl_c" + std::to_string(i), {}, AddressOf(i)) == "sent");
  }
  CHECK(Ask(200, spent) == "sent");
}

TEST_CASE_METHOD(Breaking, "one organisation's codes hold back no other's", "[service]") {
  for (int i = 0; i < kOfCountry.an_hour; ++i) REQUIRE(Ask(i) == "sent");
  REQUIRE(Ask(50, spent) == "CODES_HELD_BACK");
  Subject elsewhere = Client(51);
  elsewhere.organisation_id = "other";
  CHECK(Send(elsewhere, "chl_e", spent, AddressOf(51)) == "sent");
}

TEST_CASE_METHOD(Breaking, "a send that was refused is owed nothing", "[service]") {
  for (int i = 0; i < kOfCountry.an_hour; ++i) {
    const auto started =
        store.Start("chl_" + std::to_string(i), Client(i), "mac", AddressOf(i), begin);
    REQUIRE(started.ok());
    REQUIRE(store.Cancel(*started, Client(i)).ok());
  }
  CHECK(Ask(50, spent) == "sent");
}

TEST_CASE_METHOD(Breaking, "of many at once no more are under way than may be", "[service]") {
  std::atomic<int> sent = 0, held = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < kUnderWay + 40; i += 8) {
        const auto started = store.Start(
            "chl_" + std::to_string(i), Client(i), "mac",
            "10." + std::to_string(i / 200) + "." + std::to_string(i % 200) + ".1", begin);
        ++(started.ok() ? sent : held);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(sent == kUnderWay);
  CHECK(held == 40);
  CHECK(held_back.size() == 1);  // Told once.
}

TEST_CASE_METHOD(Breaking, "of many at once no more are sent than an organisation may in a day",
                 "[service]") {
  constexpr int kADay = 20;
  RedisChallengeStore small(redis, Secret(RandomBytes(32)), {.codes_a_day = kADay});
  std::atomic<int> sent = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < 2 * kADay; i += 8) {
        const auto started =
            small.Start("chl_" + std::to_string(i), Client(i), "mac", AddressOf(i), begin);
        if (started.ok()) ++sent;
        if (ReasonOf(started.status()) == "CODE_LIMIT_REACHED") ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(sent == kADay);
  CHECK(refused == kADay);
  Subject elsewhere = Client(1);
  elsewhere.organisation_id = "other";
  CHECK(small.Start("chl_other", elsewhere, "mac", AddressOf(1), begin).ok());
}

TEST_CASE_METHOD(Breaking, "staff see what holds codes back, and reset it", "[service]") {
  for (int i = 0; i < kOfCountry.an_hour; ++i) REQUIRE(Ask(i) == "sent");
  REQUIRE(Ask(50, spent) == "CODES_HELD_BACK");
  const Call staff = StaffCall();
  REQUIRE(breakers.Note(held_back.at(0), call).ok());
  REQUIRE(breakers.Note(held_back.at(0), call).ok());  // A minute later: the same.
  auto listed = breakers_handler.ListCodeBreakers(staff, {});
  REQUIRE(listed.ok());
  REQUIRE(listed->code_breakers_size() == 1);
  const v1::CodeBreaker& breaker = listed->code_breakers(0);
  CHECK(breaker.country() == "AU");
  CHECK_FALSE(breaker.has_reset_time());

  v1::ResetCodeBreakerRequest request;
  request.set_code_breaker_id(breaker.code_breaker_id());
  Call others = staff;
  others.caller.organisation_id = "other";
  CHECK(ReasonOf(breakers_handler.ResetCodeBreaker(others, request).status()) == "NOT_FOUND");
  CHECK(Ask(50, spent) == "CODES_HELD_BACK");
  for (int twice = 0; twice < 2; ++twice) {
    const auto reset = breakers_handler.ResetCodeBreaker(staff, request);
    INFO(reset.status().ToString());
    REQUIRE(reset.ok());
    CHECK(reset->has_reset_time());
  }
  CHECK(Ask(50, spent) == "sent");
  const auto count = [&](const char* type) {
    return database
        .Exec(absl::StrCat("SELECT count(*) FROM audit_event WHERE type = '", type, "'"))[0][0]
        .as<int>();
  };
  CHECK(count("codes.heldBack") == 1);
  CHECK(count("codeBreaker.reset") == 1);
  // The next time it is another one.
  REQUIRE(breakers.Note(held_back.at(0), call).ok());
  listed = breakers_handler.ListCodeBreakers(staff, {});
  CHECK(listed->code_breakers_size() == 2);
  CHECK(count("codes.heldBack") == 2);
}

}  // namespace
}  // namespace gatehouse::identity
