#include "services/notification/domain/delivery.h"

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/notification/tests/delivery_fixture.h"

namespace gatehouse::notification {
namespace {

TEST_CASE_METHOD(DeliveryFixture,
                 "credits are reserved, then charged; the ledger's sum is the balance",
                 "[service]") {
  CHECK(ReasonOf(queue.Submit(Sms("r0")).status()) == "SMS_CREDITS_EXHAUSTED");
  CHECK(store.Purchase("acme", 10, "invoice-1").value() == 10);
  CHECK(store.Purchase("acme", 10, "invoice-1").value() == 10);
  REQUIRE(queue.Submit(Sms("r1", 2)).ok());
  CHECK(store.Balance("acme").value() == 8);
  DeliverOne();
  CHECK(Only().state == MessageState::kSent);
  CHECK(store.Balance("acme").value() == 8);
  CHECK(SumOfLedger() == 8);
  CHECK(store.ListEntries("acme", {}).value().size() == 3);
  CHECK(store.Balance("other").value() == 0);
  // Nothing of the text stays once it was sent.
  CHECK(database.Exec("SELECT FROM job").empty());
}

TEST_CASE_METHOD(DeliveryFixture, "what is refused for good gives its credits back", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  sender.outcome = Outcome::kRefused;
  DeliverOne();
  CHECK(Only().state == MessageState::kFailed);
  CHECK(Only().failure == "PROVIDER_REFUSED");
  CHECK(store.Balance("acme").value() == 1);
  CHECK(SumOfLedger() == 1);
}

TEST_CASE_METHOD(DeliveryFixture, "an SMS whose answer was lost is not sent twice", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  sender.outcome = Outcome::kUnsure;
  sender.lose_answer = true;
  DeliverOne();
  CHECK(Only().state == MessageState::kQueued);
  Due();
  DeliverOne();
  CHECK(sender.asked == 1);
  CHECK(Only().state == MessageState::kSent);
}

TEST_CASE_METHOD(DeliveryFixture,
                 "an SMS that was not taken is sent, though one like it was before", "[service]") {
  REQUIRE(store.Purchase("acme", 2, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  DeliverOne();
  REQUIRE(queue.Submit(Sms("r2")).ok());
  sender.outcome = Outcome::kUnsure;
  DeliverOne();
  Due();
  sender.outcome = Outcome::kSent;
  DeliverOne();
  CHECK(sender.asked == 3);
  CHECK(Only().state == MessageState::kSent);
}

TEST_CASE_METHOD(DeliveryFixture, "a claim whose process died is taken up again, as unsure",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  REQUIRE(Take().size() == 1);
  CHECK(Only().state == MessageState::kSending);
  CHECK(Take().empty());
  Due();
  // The provider has it, though nobody could say so any more.
  sender.ids = {"SM1"};
  CHECK(DeliverOne().state == MessageState::kSent);
  CHECK(sender.asked == 0);
  CHECK(Only().attempts == 2);
}

TEST_CASE_METHOD(DeliveryFixture, "what is sealed under another key waits, and expires",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  const JobStore stranger(database.postgres(), Secret(RandomBytes(32)));
  const Claim claim = Take(stranger).at(0);
  CHECK_FALSE(claim.outgoing.has_value());
  const auto waits = Deliver(store, sender, clock, claim);
  CHECK(waits.value().state == MessageState::kQueued);
  CHECK_FALSE(waits.value().away);
  Expire();
  CHECK(Deliver(store, sender, clock, Take(stranger).at(0)).value().state ==
        MessageState::kExpired);
  CHECK(sender.asked == 0);
  CHECK(store.Balance("acme").value() == 1);
}

TEST_CASE_METHOD(DeliveryFixture,
                 "whoever lost a claim neither sends nor undoes what the next one did",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  Claim first = Claimed();
  Due();
  const Claim second = Claimed();
  REQUIRE(store.Record(first, {.unsure = true}).ok());
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

TEST_CASE_METHOD(DeliveryFixture, "a database that is away for a moment loses no outcome",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  store.failures = 2;
  DeliverOne();
  CHECK(sender.asked == 1);
  CHECK(Only().state == MessageState::kSent);
}

TEST_CASE_METHOD(DeliveryFixture,
                 "while the provider cannot be asked, a doubtful SMS waits, until it expires",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  sender.outcome = Outcome::kUnsure;
  sender.away = true;
  DeliverOne();
  Due();
  DeliverOne();
  CHECK(sender.asked == 1);
  CHECK(Only().state == MessageState::kQueued);
  Expire();
  DeliverOne();
  CHECK(sender.asked == 1);
  CHECK(Only().state == MessageState::kExpired);
  CHECK(store.Balance("acme").value() == 1);
}

TEST_CASE_METHOD(DeliveryFixture, "two lost answers are never taken for one and the same SMS",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 2, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  REQUIRE(queue.Submit(Sms("r2")).ok());
  const Claim first = Claimed(), second = Claimed();
  std::atomic<int> found = 0;
  std::vector<std::thread> threads;
  for (const Claim* claim : {&first, &second}) {
    threads.emplace_back([&, claim] { found += store.RecordFound(*claim, {"SM1"}).value(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(found == 1);
}

TEST_CASE_METHOD(DeliveryFixture, "what fails by its own fault is given up after days",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  sender.outcome = Outcome::kTryAgain;
  CHECK(DeliverOne().state == MessageState::kQueued);
  CHECK(Take().empty());
  CHECK(database.Exec("SELECT FROM job WHERE due_time <= expire_time").size() == 1);
  database.Exec("UPDATE job SET failures = 298, due_time = now()");
  CHECK(DeliverOne().state == MessageState::kQueued);
  SECTION("but never while the provider is to blame") {
    sender.down = true;
    database.Exec("UPDATE job SET failures = 1000");
  }
  Due();
  const Delivery last = DeliverOne();
  if (sender.down) {
    CHECK(last.away);
    CHECK(Only().state == MessageState::kQueued);
  } else {
    CHECK(Only().failure == "GAVE_UP");
    CHECK(store.Balance("acme").value() == 1);
  }
}

TEST_CASE_METHOD(DeliveryFixture, "a provider that asks to be left alone is, and that is no fault",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  sender.outcome = Outcome::kTryAgain;
  sender.down = true;
  sender.wait = absl::Seconds(120);
  const Delivery delivery = DeliverOne();
  CHECK(delivery.away);
  CHECK(delivery.wait == absl::Seconds(120));
  CHECK(database.Exec("SELECT FROM job WHERE failures = 0 AND paused").size() == 1);
  CHECK(Only().state == MessageState::kQueued);
}

TEST_CASE_METHOD(DeliveryFixture, "a provider is not asked after what it may be taking right now",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  REQUIRE(queue.Submit(Sms("r1")).ok());
  sender.outcome = Outcome::kUnsure;
  DeliverOne();
  database.Exec("UPDATE job SET due_time = now()");
  const Delivery early = DeliverOne();
  CHECK(early.state == MessageState::kQueued);
  CHECK(early.wait > absl::ZeroDuration());
  CHECK(early.wait <= kSettling);
  CHECK(sender.asked == 1);
}

TEST_CASE_METHOD(DeliveryFixture, "a message that has lost its point is given up", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  SECTION("when it is taken") {
    NewMessage late = Sms("r1");
    late.expire_time = absl::Now() - absl::Seconds(1);
    REQUIRE(queue.Submit(late).ok());
    CHECK(DeliverOne().state == MessageState::kExpired);
  }
  SECTION("and in the moment before it is sent") {
    REQUIRE(queue.Submit(Sms("r1")).ok());
    Claim claim = Claimed();
    claim.expire_time = absl::Now();
    CHECK(Deliver(store, sender, clock, claim).value().state == MessageState::kExpired);
  }
  CHECK(sender.asked == 0);
  CHECK(Only().state == MessageState::kExpired);
  CHECK(store.Balance("acme").value() == 1);
}

TEST_CASE_METHOD(DeliveryFixture, "of twenty who race for the last credit one wins", "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  std::atomic<int> won = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&, i] {
      const auto added = queue.Submit(Sms("race" + std::to_string(i)));
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

TEST_CASE_METHOD(DeliveryFixture, "many who claim, send and settle at once send each message once",
                 "[service]") {
  constexpr int kMessages = 60;
  REQUIRE(store.Purchase("acme", 2 * kMessages, "i").ok());
  std::atomic<int> sent = 0;
  std::vector<std::thread> threads;
  for (int w = 0; w < 6; ++w) {
    threads.emplace_back([&, w] {
      FakeSender own;
      for (int i = 0; i < kMessages / 6; ++i) {
        (void)queue.Submit(Sms("m" + std::to_string(w) + "/" + std::to_string(i), 2));
        std::string organisation;
        auto taken = table.Take({.lane = "sms", .lease = kHeld}, organisation);
        while (taken.ok() && !taken->empty()) {
          for (const Job& job : *taken) {
            own.outcome = i % 2 == 0 ? Outcome::kSent : Outcome::kRefused;
            (void)Deliver(store, own, clock, ClaimFrom(job, Channel::kSms));
            (void)table.Remove({job.number});
          }
          taken = table.Take({.lane = "sms", .lease = kHeld}, organisation);
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

TEST_CASE_METHOD(DeliveryFixture, "one request_id many times at once is one message", "[service]") {
  REQUIRE(store.Purchase("acme", 100, "i").ok());
  std::vector<std::thread> threads;
  std::atomic<int> taken = 0;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&] { taken += queue.Submit(Sms("same")).ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == 10);
  CHECK(store.ListMessages("acme", "", {}).value().size() == 1);
  CHECK(store.Balance("acme").value() == 99);
}

TEST_CASE_METHOD(DeliveryFixture, "a reader of the feed never misses an event that commits late",
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
        const Event event = {.request_id = std::to_string(w) + "/" + std::to_string(i),
                             .type = "probe.made",
                             .time = absl::Now(),
                             .data = {{"writer", std::to_string(w)}}};
        (void)store.Publish("acme", {event});
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  done = true;
  reader.join();
  CHECK(seen.size() == 200);
  CHECK(store.ListEvents("other", 0, 10).value().empty());
}

TEST_CASE_METHOD(DeliveryFixture, "an event waits for the one whose transaction is still open",
                 "[service]") {
  const Event event = {.request_id = "second", .type = "a.b", .time = absl::Now()};
  std::atomic<bool> published = false;
  size_t seen = 1;
  std::thread publisher;
  const absl::Status slow =
      database.postgres().Write(Rows::Of("acme"), [&](Transaction& tx) -> absl::Status {
        tx.Exec("INSERT INTO event_feed VALUES ('acme', 1)");
        tx.Exec("INSERT INTO event VALUES ('acme', 1, 'evt_1', 'first', 'a.b', '', now(), '{}')");
        publisher = std::thread([&] { published = store.Publish("acme", {event}).ok(); });
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

TEST_CASE_METHOD(DeliveryFixture, "an event with a request_id seen before is in the feed once",
                 "[service]") {
  const Event event = {.request_id = "r", .type = "a.b", .time = absl::Now()};
  const auto first = store.Publish("acme", {event});
  REQUIRE(first.value().size() == 1);
  CHECK(store.Publish("acme", {event}).value().empty());
  CHECK(store.FindEvent("acme", "r").value() == first->at(0).event_id);
  CHECK(absl::IsNotFound(store.FindEvent("other", "r").status()));
  CHECK(store.ListEvents("acme", 0, 10).value().size() == 1);
}

TEST_CASE_METHOD(DeliveryFixture, "events that come together are in the feed in their order, once",
                 "[service]") {
  const auto event = [](const std::string& id) {
    return Event{.request_id = id,
                 .type = "a.b",
                 .case_id = "deal-" + id,
                 .time = absl::FromUnixSeconds(1'700'000'000),
                 .data = {{"name", "\"O'Neill\", {1,2}\\"}}};
  };
  REQUIRE(store.Publish("acme", {event("1")}).ok());
  REQUIRE(store.Publish("acme", {event("2"), event("1"), event("3"), event("2")}).ok());
  REQUIRE(store.Publish("other", {event("1")}).ok());
  // Come again, with what is new.
  REQUIRE(store.Publish("acme", {event("2"), event("3"), event("4")}).ok());
  REQUIRE(store.Publish("acme", {event("5")}).ok());
  const auto events = store.ListEvents("acme", 0, 10).value();
  REQUIRE(events.size() == 5);
  for (size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i].case_id == absl::StrCat("deal-", i + 1));
    CHECK(events[i].time == event("").time);
    CHECK(events[i].data == event("").data);
    if (i > 0) CHECK(events[i].number > events[i - 1].number);
  }
  CHECK(store.ListEvents("other", 0, 10).value().size() == 1);
}

}  // namespace
}  // namespace gatehouse::notification
