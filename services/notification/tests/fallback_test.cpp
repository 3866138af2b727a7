#include "services/notification/senders/fallback.h"

#include <catch2/catch.hpp>

#include "services/notification/tests/delivery_fixture.h"

// Several providers, in their order: which one is asked, and that nothing is sent twice.

namespace gatehouse::notification {
namespace {

// A provider that the test keeps a hand on.
class Shared : public Sender {
 public:
  explicit Shared(FakeSender& sender) : sender_(sender) {}
  SendResult Send(const Outgoing& message) override { return sender_.Send(message); }
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing& message) override {
    return sender_.Find(message);
  }

 private:
  FakeSender& sender_;
};

class SetClock : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
};

struct Falling {
  SetClock clock;
  FakeSender first, second;
  std::shared_ptr<Circuit> one = std::make_shared<Circuit>("first", clock),
                           other = std::make_shared<Circuit>("second", clock);
  FallbackSender sender = Sending();
  const Outgoing message = {
      "acme", "msg_1", Recipient::Parse(Channel::kSms, "+61412345678").value(), {"", "123456"}};

  FallbackSender Sending() {
    std::vector<FallbackSender::Provider> providers;
    providers.push_back({std::make_unique<Shared>(first), one});
    providers.push_back({std::make_unique<Shared>(second), other});
    return FallbackSender(std::move(providers));
  }
  void Away(FakeSender& provider, Outcome outcome = Outcome::kTryAgain) {
    provider.outcome = outcome;
    provider.down = true;
  }
  Outcome Send() { return sender.Send(message).outcome; }
};

TEST_CASE_METHOD(Falling, "as long as the first works, the second is not asked", "[unit]") {
  CHECK(Send() == Outcome::kSent);
  first.outcome = Outcome::kRefused;  // For good, which the second need not find out again.
  CHECK(Send() == Outcome::kRefused);
  CHECK(second.asked == 0);
}

TEST_CASE_METHOD(Falling, "where the first cannot be reached the second sends", "[unit]") {
  Away(first);
  CHECK(Send() == Outcome::kSent);
  CHECK(second.asked == 1);
}

TEST_CASE_METHOD(Falling, "after a lost answer nobody else is asked to send", "[unit]") {
  Away(first, Outcome::kUnsure);
  first.lose_answer = true;
  const SendResult result = sender.Send(message);
  CHECK(result.outcome == Outcome::kUnsure);
  CHECK_FALSE(result.away);  // Other messages go by the second.
  CHECK(second.asked == 0);
  // Each is asked for it; one that cannot say keeps it waiting.
  second.away = true;
  CHECK(absl::IsUnavailable(sender.Find(message)->status()));
  second.away = false;
  second.ids = {"SM9"};
  CHECK((*sender.Find(message)).value() == std::vector<std::string>{first.ids[0], "SM9"});
}

TEST_CASE_METHOD(Falling, "one that fails again and again is left alone, and tried after a rest",
                 "[unit]") {
  Away(first);
  for (int i = 0; i < Circuit::kFailures + 5; ++i) CHECK(Send() == Outcome::kSent);
  CHECK(first.asked == Circuit::kFailures);
  clock.now += Circuit::kRest;
  CHECK(Send() == Outcome::kSent);
  CHECK(Send() == Outcome::kSent);
  CHECK(first.asked == Circuit::kFailures + 1);  // By one message, which failed.
  clock.now += Circuit::kRest;
  first.outcome = Outcome::kSent;
  const int before = second.asked;
  CHECK(Send() == Outcome::kSent);
  CHECK(Send() == Outcome::kSent);
  CHECK(second.asked == before);
}

TEST_CASE_METHOD(Falling, "where none works the channel waits as a whole", "[unit]") {
  Away(first);
  Away(second);
  for (int i = 0; i < 10; ++i) {
    const SendResult result = sender.Send(message);
    CHECK(result.outcome == Outcome::kTryAgain);
    CHECK(result.away);
  }
  second.outcome = Outcome::kSent;
  CHECK(Send() == Outcome::kSent);
}

TEST_CASE_METHOD(Falling, "what is the account's to mend goes by the other one", "[unit]") {
  first.outcome = Outcome::kTryAgain;  // Such as a region that it may not send to.
  first.down = false;
  for (int i = 0; i < 10; ++i) CHECK(Send() == Outcome::kSent);
  CHECK(first.asked == 10);  // It works, for others.
}

struct Twice : DeliveryFixture {
  FakeSender second;
  std::shared_ptr<Circuit> one = std::make_shared<Circuit>("first", clock),
                           other = std::make_shared<Circuit>("second", clock);
};

TEST_CASE_METHOD(Twice, "a lost answer of the first is sent and paid once, whoever sends it then",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 5, "i").ok());
  std::vector<FallbackSender::Provider> providers;
  providers.push_back({std::make_unique<Shared>(sender), one});
  providers.push_back({std::make_unique<Shared>(second), other});
  FallbackSender both(std::move(providers));
  const auto deliver = [&] {
    const Claim claim = Claimed();
    const auto delivery = Deliver(store, both, clock, claim);
    REQUIRE(delivery.ok());
    if (delivery->state == MessageState::kQueued) {
      Job job;
      job.number = claim.job_number;
      job.attempts = claim.attempts;
      REQUIRE(table.Postpone(job, absl::Hours(1), delivery->away).ok());
      Due();
    }
    return delivery->state;
  };
  REQUIRE(queue.Submit(Sms("r1")).ok());
  sender.outcome = Outcome::kUnsure;
  SECTION("it had been taken") {
    sender.lose_answer = true;
    CHECK(deliver() == MessageState::kQueued);
    CHECK(deliver() == MessageState::kSent);
    CHECK(second.asked == 0);
  }
  SECTION("it had not, and then the second takes it") {
    sender.down = true;
    CHECK(deliver() == MessageState::kQueued);
    sender.outcome = Outcome::kTryAgain;
    CHECK(deliver() == MessageState::kSent);
    CHECK(second.count == 1);
  }
  SECTION("as long as it cannot be asked, nobody sends it") {
    sender.lose_answer = true;
    CHECK(deliver() == MessageState::kQueued);
    sender.away = true;
    for (int i = 0; i < 3; ++i) CHECK(deliver() == MessageState::kQueued);
    CHECK(second.asked == 0);
    sender.away = false;
    CHECK(deliver() == MessageState::kSent);
  }
  CHECK(sender.count + second.count == 1);
  CHECK(store.Balance("acme").value() == 4);
  CHECK(SumOfLedger() == 4);
}

}  // namespace
}  // namespace gatehouse::notification
