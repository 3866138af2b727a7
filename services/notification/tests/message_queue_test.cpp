#include "services/notification/store/message_queue.h"

#include "services/common/base/crypto.h"
#include "services/notification/tests/delivery_fixture.h"

namespace gatehouse::notification {
namespace {

TEST_CASE_METHOD(DeliveryFixture, "what nobody waits for any more is not taken, and costs nothing",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  Call call = ServiceCall();
  call.deadline = absl::Now() + absl::Milliseconds(50);
  const CallScope scope(call);
  const absl::Status status = database.postgres().Write(Rows::OfAll(), [&](Transaction&) {
    absl::SleepFor(absl::Milliseconds(80));  // The process hung for a while.
    return queue.Submit(Sms("r1")).status();
  });
  CHECK(absl::IsDeadlineExceeded(status));
  const Call later = ServiceCall();
  const CallScope now(later);
  CHECK(store.ListMessages("acme", "", {}).value().empty());
  CHECK(Take().empty());
  CHECK(store.Balance("acme").value() == 1);
}

TEST_CASE_METHOD(DeliveryFixture, "a newer message takes the place of one that waits",
                 "[service]") {
  REQUIRE(store.Purchase("acme", 1, "i").ok());
  const auto code = [&](const std::string& request_id) {
    NewMessage message = Sms(request_id);
    message.topic = "code:deal-1:ada";
    return message;
  };
  REQUIRE(queue.Submit(code("r1")).ok());
  // The last credit is that of the first one.
  CHECK(store.Balance("acme").value() == 0);
  SECTION("which is given up, with its credit back") {
    REQUIRE(queue.Submit(code("r2")).ok());
    REQUIRE(queue.Submit(code("r3")).ok());
    // A retry of either changes nothing.
    CHECK(queue.Submit(code("r1")).value().state == MessageState::kExpired);
    CHECK(queue.Submit(code("r3")).value().state == MessageState::kQueued);
    CHECK(store.Balance("acme").value() == 0);
    DeliverOne();
    CHECK(Take().empty());
    CHECK(sender.asked == 1);
    CHECK(store.LookUp("acme", {"r3"}).value().at("r3") == MessageState::kSent);
    CHECK(SumOfLedger() == 0);
    CHECK(database.Exec("SELECT FROM credit_entry WHERE kind = 3").size() == 1);
  }
  SECTION("but not of another topic's, and not of another organisation's") {
    NewMessage other = Sms("r2");
    other.topic = "code:deal-1:bob";
    CHECK(ReasonOf(queue.Submit(other).status()) == "SMS_CREDITS_EXHAUSTED");
    CHECK(Only().state == MessageState::kQueued);
  }
  SECTION("and of one that may have left it is asked after: it is not sent again") {
    REQUIRE(store.Purchase("acme", 1, "j").ok());
    sender.outcome = Outcome::kUnsure;
    sender.lose_answer = true;
    DeliverOne();
    sender.outcome = Outcome::kSent;
    REQUIRE(queue.Submit(code("r2")).ok());
    Due();
    DeliverOne();
    DeliverOne();
    CHECK(Take().empty());
    CHECK(sender.asked == 2);
    const auto states = store.LookUp("acme", {"r1", "r2"}).value();
    CHECK(states.at("r1") == MessageState::kSent);
    CHECK(states.at("r2") == MessageState::kSent);
  }
  SECTION("and one that is under way goes on, but not a second time") {
    REQUIRE(store.Purchase("acme", 1, "j").ok());
    const Claim first = Claimed();
    REQUIRE(queue.Submit(code("r2")).ok());
    sender.outcome = Outcome::kTryAgain;
    CHECK(Deliver(store, sender, clock, first).value().state == MessageState::kQueued);
    sender.outcome = Outcome::kSent;
    Due();
    DeliverOne();
    DeliverOne();
    CHECK(sender.asked == 2);
    const auto states = store.LookUp("acme", {"r1", "r2"}).value();
    CHECK(states.at("r1") == MessageState::kExpired);
    CHECK(states.at("r2") == MessageState::kSent);
    CHECK(store.Balance("acme").value() == 1);
  }
}

TEST_CASE("messages that waited in the queue of before are sent, and only they", "[service]") {
  std::vector<Migration> before = WithCommon(kMigrations);
  while (before.back().name >= "0004") before.pop_back();
  TestDatabase database("notification", before);
  const Secret key(RandomBytes(32));
  const auto sealed = [&](const std::string& id) {
    return Hex(Seal(key, "acme/" + id, R"(["+61412345678","","123456 is your code"])"));
  };
  database.Exec(
      "INSERT INTO message (organisation_id, message_id, request_id, channel, template, "
      "masked_recipient, sealed, case_id, segments, state, attempts, expire_time) VALUES "
      "('acme', 'msg_1', 'r1', 2, 'sign-in-code', '', '\\x" +
      sealed("msg_1") +
      "', '', 1, 1, 0, now() + interval '1 hour'), "
      "('acme', 'msg_2', 'r2', 2, 'mobile-changed', '', '\\x" +
      sealed("msg_2") +
      "', '', 1, 2, 1, now() + interval '1 hour'), "
      "('acme', 'msg_3', 'r3', 2, 'sign-in-code', '', '', '', 1, 3, 1, now())");
  REQUIRE(database.Migrate(WithCommon(kMigrations)).ok());
  PostgresStore store(database.postgres());
  const JobStore table(database.postgres(), key);
  std::string organisation;
  const auto urgent =
      table.Take({.lane = "sms", .priority = JobPriority::kUrgent}, organisation).value();
  REQUIRE(urgent.size() == 1);
  const Claim code = ClaimFrom(urgent[0], Channel::kSms);
  CHECK(code.message_id == "msg_1");
  CHECK(code.outgoing.value().text.body == "123456 is your code");
  const auto normal = table.Take({.lane = "sms"}, organisation).value();
  REQUIRE(normal.size() == 1);
  CHECK(ClaimFrom(normal[0], Channel::kSms).message_id == "msg_2");
  // It was being sent.
  CHECK(store.Look("acme", "msg_2").value().unsure_for.has_value());
  CHECK_FALSE(store.Look("acme", "msg_1").value().unsure_for.has_value());
}

TEST_CASE("a message waits as it was handed in, and one of an older version is read", "[unit]") {
  const Recipient ada = Recipient::Parse(Channel::kEmail, "ada@example.com").value();
  const Outgoing mail = {
      "acme", "msg_1", ada, {"s", "text", "<p>text</p>", {"text/calendar", "visit.ics", "BEGIN"}}};
  Job job = {.organisation_id = "acme", .id = "acme/msg_1", .payload = PayloadOf(mail)};
  job.readable = true;
  const Text read = ClaimFrom(job, Channel::kEmail).outgoing.value().text;
  CHECK(read.html == "<p>text</p>");
  CHECK(read.attachment.content_type == "text/calendar");
  CHECK(read.attachment.name == "visit.ics");
  CHECK(read.attachment.data == "BEGIN");
  for (const char* old :
       {R"(["ada@example.com","s","text"])", R"(["ada@example.com","s","text",""])"}) {
    job.payload = old;
    const Text older = ClaimFrom(job, Channel::kEmail).outgoing.value().text;
    CHECK(older.body == "text");
    CHECK(older.attachment.data.empty());
  }
}

}  // namespace
}  // namespace gatehouse::notification
