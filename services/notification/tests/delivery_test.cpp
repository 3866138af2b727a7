#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "services/common/base/random.h"
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
    return {outcome, outcome == Outcome::kSent ? ids.back() : "", "PROVIDER_REFUSED", wait};
  }
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing&) override {
    if (away) return absl::StatusOr<std::vector<std::string>>(absl::UnavailableError("away"));
    return absl::StatusOr<std::vector<std::string>>(ids);
  }
  Outcome outcome = Outcome::kSent;
  absl::Duration wait;
  bool lose_answer = false, away = false;
  int asked = 0, count = 0;
  std::vector<std::string> ids;
};

// A store that cannot be written to at first.
class ForgetfulStore : public PostgresStore {
 public:
  using PostgresStore::PostgresStore;
  absl::Status Record(const Claim& claim, const Verdict& verdict) override {
    if (failures-- > 0) return absl::UnavailableError("the database connection was lost");
    return PostgresStore::Record(claim, verdict);
  }
  std::atomic<int> failures = 0;  // Some tests settle from many threads.
};

struct Fixture {
  TestDatabase database{"notification", WithCommon(kMigrations)};
  ForgetfulStore store{database.postgres(), Secret(RandomBytes(32))};
  FakeSender sender;
  const Clock clock;

  static NewMessage Sms(const std::string& request_id, int segments = 1) {
    const std::string id = NewId("msg");
    return {.organisation_id = "acme",
            .request_id = request_id,
            .shown = {.message_id = id,
                      .template_name = "sign-in-code",
                      .masked_recipient = "•••",
                      .channel = Channel::kSms,
                      .segments = segments},
            .outgoing = {"acme",
                         id,
                         Recipient::Parse(Channel::kSms, "+61412345678").value(),
                         {"", "123456 is your code"}},
            .expire_time = absl::Now() + absl::Minutes(5)};
  }
  Claim Claimed() {
    const auto claim = store.ClaimOne(Channel::kSms);
    REQUIRE(claim.ok());
    REQUIRE(claim->has_value());
    return **claim;
  }
  void DeliverOne() { REQUIRE(Deliver(store, sender, clock, Claimed()).ok()); }
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
  CHECK(Claimed().unsure);
}

TEST_CASE_METHOD(Fixture, "what is sealed under another key waits, and expires", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(store.Add(Sms("r1")).ok());
  PostgresStore stranger(database.postgres(), Secret(RandomBytes(32)));
  const auto claim = stranger.ClaimOne(Channel::kSms).value().value();
  CHECK_FALSE(claim.outgoing.has_value());
  CHECK(Deliver(stranger, sender, clock, claim).value() == MessageState::kQueued);
  database.Exec("UPDATE message SET next_attempt_time = now(), expire_time = now()");
  const auto late = stranger.ClaimOne(Channel::kSms).value().value();
  CHECK(Deliver(stranger, sender, clock, late).value() == MessageState::kExpired);
  CHECK(sender.asked == 0);
  CHECK(store.Balance("acme").value() == 1);
}

TEST_CASE_METHOD(Fixture, "whoever lost a claim neither sends nor undoes what the next one did",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(store.Add(Sms("r1")).ok());
  Claim first = Claimed();
  Due();
  const Claim second = Claimed();
  REQUIRE(store.Record(first, {.wait = absl::ZeroDuration()}).ok());
  REQUIRE(store.Record(first, {.state = MessageState::kFailed}).ok());
  CHECK(Only().state == MessageState::kSending);
  first.held_until = absl::Now() + absl::Seconds(1);
  CHECK(absl::IsAborted(Deliver(store, sender, clock, first).status()));
  CHECK(sender.asked == 0);
  // But what it did send was sent.
  REQUIRE(store.Record(first, {.state = MessageState::kSent, .provider_id = "SM1"}).ok());
  REQUIRE(store.Record(second, {.state = MessageState::kFailed}).ok());
  CHECK(Only().state == MessageState::kSent);
  CHECK(store.Balance("acme").value() == 0);
  CHECK(store.ListEntries("acme", {}).value().size() == 3);
}

TEST_CASE_METHOD(Fixture, "a database that is away for a moment loses no outcome", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(store.Add(Sms("r1")).ok());
  store.failures = 2;
  DeliverOne();
  CHECK(sender.asked == 1);
  CHECK(Only().state == MessageState::kSent);
}

TEST_CASE_METHOD(Fixture,
                 "while the provider cannot be asked, a doubtful SMS waits, until it expires",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(store.Add(Sms("r1")).ok());
  sender.outcome = Outcome::kUnsure;
  sender.away = true;
  DeliverOne();
  Due();
  DeliverOne();
  CHECK(sender.asked == 1);
  CHECK(Only().state == MessageState::kQueued);
  database.Exec("UPDATE message SET next_attempt_time = now(), expire_time = now()");
  DeliverOne();
  CHECK(sender.asked == 1);
  CHECK(Only().state == MessageState::kExpired);
  CHECK(store.Balance("acme").value() == 1);
}

TEST_CASE_METHOD(Fixture, "two lost answers are never taken for one and the same SMS",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 2, "i").ok());
  REQUIRE(store.Add(Sms("r1")).ok());
  REQUIRE(store.Add(Sms("r2")).ok());
  const Claim first = Claimed(), second = Claimed();
  std::atomic<int> found = 0;
  std::vector<std::thread> threads;
  for (const Claim* claim : {&first, &second}) {
    threads.emplace_back([&, claim] { found += store.RecordFound(*claim, {"SM1"}).value(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(found == 1);
}

TEST_CASE_METHOD(Fixture, "an attempt that failed is not put off beyond the message's end",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(store.Add(Sms("r1")).ok());
  sender.outcome = Outcome::kTryAgain;
  DeliverOne();
  CHECK_FALSE(store.ClaimOne(Channel::kSms).value().has_value());
  database.Exec("UPDATE message SET attempts = 200, next_attempt_time = now()");
  DeliverOne();
  CHECK(database.Exec("SELECT FROM message WHERE next_attempt_time <= expire_time").size() == 1);
  database.Exec("UPDATE message SET attempts = 299, next_attempt_time = now()");
  DeliverOne();
  CHECK(Only().failure == "GAVE_UP");
  CHECK(store.Balance("acme").value() == 1);
}

TEST_CASE_METHOD(Fixture, "a provider that asks to be left alone is, for an hour at most",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  NewMessage message = Sms("r1");
  message.expire_time = absl::Now() + absl::Hours(24);
  REQUIRE(store.Add(message).ok());
  sender.outcome = Outcome::kTryAgain;
  const auto seconds = [&] {
    return database.Exec("SELECT extract(epoch FROM next_attempt_time - now()) FROM message")[0][0]
        .as<double>();
  };
  sender.wait = absl::Seconds(120);
  DeliverOne();
  CHECK(seconds() > 110);
  CHECK(seconds() < 121);
  Due();
  sender.wait = absl::Hours(100);
  DeliverOne();
  CHECK(seconds() > 3500);
  CHECK(seconds() < 3601);
  CHECK(Only().state == MessageState::kQueued);
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

TEST_CASE_METHOD(Fixture, "many who claim, send and settle at once send each message once",
                 "[service]") {
  constexpr int kMessages = 60;
  REQUIRE(store.Purchase("acme", 2 * kMessages, "i").ok());
  std::atomic<int> sent = 0;
  std::vector<std::thread> threads;
  for (int w = 0; w < 6; ++w) {
    threads.emplace_back([&, w] {
      FakeSender own;
      for (int i = 0; i < kMessages / 6; ++i) {
        (void)store.Add(Sms("m" + std::to_string(w) + "/" + std::to_string(i), 2));
        for (auto claim = store.ClaimOne(Channel::kSms); claim.ok() && claim->has_value();
             claim = store.ClaimOne(Channel::kSms)) {
          own.outcome = i % 2 == 0 ? Outcome::kSent : Outcome::kRefused;
          (void)Deliver(store, own, clock, **claim);
        }
      }
      sent += own.asked;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(sent == kMessages);
  const auto broken = database.Exec(
      "SELECT FROM (SELECT *, sum(credits) OVER (ORDER BY entry_number) AS sum, "
      "row_number() OVER (ORDER BY entry_number) AS place FROM credit_entry) AS entry "
      "WHERE balance <> sum OR entry_number <> place");
  CHECK(broken.empty());
  CHECK(SumOfLedger() == store.Balance("acme").value());
  CHECK(database.Exec("SELECT FROM credit_entry WHERE kind IN (3, 4)").size() == kMessages);
  CHECK(database.Exec("SELECT FROM message WHERE state IN (3, 4)").size() == kMessages);
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

TEST_CASE_METHOD(Fixture, "an event waits for the one whose transaction is still open",
                 "[service]") {
  const Event event = {.request_id = "second", .type = "a.b", .time = absl::Now()};
  std::atomic<bool> published = false;
  size_t seen = 1;
  std::thread publisher;
  const absl::Status slow =
      database.postgres().Write(Rows::Of("acme"), [&](Transaction& tx) -> absl::Status {
        tx.Exec("INSERT INTO event_feed VALUES ('acme', 1)");
        tx.Exec("INSERT INTO event VALUES ('acme', 1, 'evt_1', 'first', 'a.b', '', now(), '{}')");
        publisher = std::thread([&] { published = store.Publish("acme", event).ok(); });
        absl::SleepFor(absl::Milliseconds(200));
        CHECK_FALSE(published);
        // By another thread: this one reads in its transaction, and would see what it wrote.
        std::thread reader([&] { seen = store.ListEvents("acme", 0, 10).value().size(); });
        reader.join();
        return absl::OkStatus();
      });
  publisher.join();
  REQUIRE(slow.ok());
  CHECK(seen == 0);
  CHECK(published);
  const auto events = store.ListEvents("acme", 0, 10).value();
  REQUIRE(events.size() == 2);
  CHECK(events[0].event_id == "evt_1");
  CHECK(events[1].number == 2);
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
