#include <catch2/catch.hpp>
#include <thread>

#include "services/common/random.h"
#include "services/notification/domain/delivery.h"
#include "services/notification/store/postgres_store.h"
#include "tests/support/test_database.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;
namespace {

// A provider that does as it is told and remembers what it took.
class FakeSender : public Sender {
 public:
  SendResult Send(const Outgoing& message) override {
    ++asked;
    const bool taken = outcome == Outcome::kSent || lose_answer;
    if (taken) ids.push_back("SM" + std::to_string(++count) + message.message_id);
    return {outcome, outcome == Outcome::kSent ? ids.back() : "", "PROVIDER_REFUSED"};
  }
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing&) override {
    return absl::StatusOr<std::vector<std::string>>(ids);
  }
  Outcome outcome = Outcome::kSent;
  bool lose_answer = false;
  int asked = 0, count = 0;
  std::vector<std::string> ids;
};

struct Fixture {
  TestDatabase database{"notification", kMigrations};
  PostgresStore store{database.postgres(), Secret(RandomBytes(32))};
  FakeSender sender;

  static NewMessage Sms(const std::string& request_id, int segments = 1) {
    const std::string id = NewId("msg");
    return {.organisation_id = "acme",
            .request_id = request_id,
            .shown = {.message_id = id,
                      .template_name = "sign-in-code",
                      .masked_recipient = "•••",
                      .channel = Channel::kSms,
                      .segments = segments},
            .outgoing = {"acme", id, "+61412345678", "", "123456 is your code"},
            .expire_time = absl::Now() + absl::Minutes(5)};
  }
  void DeliverOne() {
    const auto claim = store.ClaimOne(Channel::kSms);
    REQUIRE(claim.ok());
    REQUIRE(claim->has_value());
    Deliver(store, sender, **claim);
  }
  Message Only() { return store.ListMessages("acme", "", {}).value().at(0); }
  void Due() { database.Exec("UPDATE message SET next_attempt_time = now()"); }
  int64_t SumOfLedger() {
    return database.Exec("SELECT coalesce(sum(credits), 0) FROM credit_entry")[0][0].as<int64_t>();
  }
};

TEST_CASE_METHOD(Fixture, "credits are reserved, then charged; the ledger's sum is the balance",
                 "[service]") {
  CHECK(ReasonOf(store.Add(Sms("r0")).status()) == "SMS_CREDITS_EXHAUSTED");
  CHECK(store.Purchase("acme", 10, "invoice-1").value() == 10);
  CHECK(store.Purchase("acme", 10, "invoice-1").value() == 10);
  REQUIRE(store.Add(Sms("r1", 2)).ok());
  CHECK(store.Balance("acme").value() == 8);
  DeliverOne();
  CHECK(Only().state == MessageState::kSent);
  CHECK(store.Balance("acme").value() == 8);
  CHECK(SumOfLedger() == 8);
  CHECK(store.ListEntries("acme", {}).value().size() == 3);
  CHECK(store.Balance("other").value() == 0);
  // Nothing of the text stays once it was sent.
  CHECK(database.Exec("SELECT length(sealed) FROM message")[0][0].as<int>() == 0);
}

TEST_CASE_METHOD(Fixture, "what is refused for good gives its credits back", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(store.Add(Sms("r1")).ok());
  sender.outcome = Outcome::kRefused;
  DeliverOne();
  CHECK(Only().state == MessageState::kFailed);
  CHECK(Only().failure == "PROVIDER_REFUSED");
  CHECK(store.Balance("acme").value() == 1);
  CHECK(SumOfLedger() == 1);
}

TEST_CASE_METHOD(Fixture, "an SMS whose answer was lost is not sent twice", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(store.Add(Sms("r1")).ok());
  sender.outcome = Outcome::kUnsure;
  sender.lose_answer = true;
  DeliverOne();
  CHECK(Only().state == MessageState::kQueued);
  Due();
  DeliverOne();
  CHECK(sender.asked == 1);
  CHECK(Only().state == MessageState::kSent);
}

TEST_CASE_METHOD(Fixture, "an SMS that was not taken is sent, though one like it was before",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 2, "i").ok());
  REQUIRE(store.Add(Sms("r1")).ok());
  DeliverOne();
  REQUIRE(store.Add(Sms("r2")).ok());
  sender.outcome = Outcome::kUnsure;
  DeliverOne();
  Due();
  sender.outcome = Outcome::kSent;
  DeliverOne();
  CHECK(sender.asked == 3);
  CHECK(Only().state == MessageState::kSent);
}

TEST_CASE_METHOD(Fixture, "a claim whose process died is taken up again, as unsure", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(store.Add(Sms("r1")).ok());
  REQUIRE(store.ClaimOne(Channel::kSms).value().has_value());
  CHECK_FALSE(store.ClaimOne(Channel::kSms).value().has_value());
  Due();
  const auto again = store.ClaimOne(Channel::kSms);
  REQUIRE(again.value().has_value());
  CHECK((*again)->unsure);
}

TEST_CASE_METHOD(Fixture, "a message that has lost its point is given up", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  NewMessage late = Sms("r1");
  late.expire_time = absl::Now() - absl::Seconds(1);
  REQUIRE(store.Add(late).ok());
  DeliverOne();
  CHECK(sender.asked == 0);
  CHECK(Only().state == MessageState::kExpired);
  CHECK(store.Balance("acme").value() == 1);
}

TEST_CASE_METHOD(Fixture, "of twenty who race for the last credit one wins", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  std::atomic<int> won = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&, i] {
      const auto added = store.Add(Sms("race" + std::to_string(i)));
      if (added.ok()) ++won;
      if (ReasonOf(added.status()) == "SMS_CREDITS_EXHAUSTED") ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(won == 1);
  CHECK(refused == 19);
  CHECK(store.Balance("acme").value() == 0);
  CHECK(SumOfLedger() == 0);
}

TEST_CASE_METHOD(Fixture, "one request_id many times at once is one message", "[service]") {
  REQUIRE(store.Purchase("acme", 100, "i").ok());
  std::vector<std::thread> threads;
  std::atomic<int> taken = 0;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&] { taken += store.Add(Sms("same")).ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == 10);
  CHECK(store.ListMessages("acme", "", {}).value().size() == 1);
  CHECK(store.Balance("acme").value() == 99);
}

TEST_CASE_METHOD(Fixture, "a reader of the feed never misses an event that commits late",
                 "[service]") {
  std::atomic<bool> done = false;
  std::vector<int64_t> seen;
  std::thread reader([&] {
    int64_t after = 0;
    while (true) {
      const bool last = done;
      const auto events = store.ListEvents("acme", after, 7);
      if (!events.ok()) continue;
      for (const Event& event : *events) seen.push_back(after = event.number);
      if (last && events->empty()) return;
    }
  });
  std::vector<std::thread> writers;
  for (int w = 0; w < 8; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 25; ++i) {
        (void)store.Publish("acme", {.request_id = std::to_string(w) + "/" + std::to_string(i),
                                     .type = "probe.made",
                                     .time = absl::Now(),
                                     .data = {{"writer", std::to_string(w)}}});
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  done = true;
  reader.join();
  CHECK(seen.size() == 200);
  CHECK(store.ListEvents("other", 0, 10).value().empty());
}

TEST_CASE_METHOD(Fixture, "an event with a request_id seen before is in the feed once",
                 "[service]") {
  const Event event = {.request_id = "r", .type = "a.b", .time = absl::Now()};
  const auto first = store.Publish("acme", event);
  REQUIRE(first.ok());
  CHECK(store.Publish("acme", event).value() == *first);
  CHECK(store.ListEvents("acme", 0, 10).value().size() == 1);
}

}  // namespace
}  // namespace gatehouse::notification
