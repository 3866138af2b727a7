#include <algorithm>

#include "services/notification/sandbox/sandbox_handler.h"
#include "services/notification/sandbox/sandbox_sender.h"
#include "services/notification/tests/delivery_fixture.h"

// What sandboxes send arrives in their inbox, and nowhere else.

namespace gatehouse::notification {
namespace {

struct InSandbox : DeliveryFixture {
  PostgresInbox inbox{database.postgres()};
  SandboxHandler handler{inbox};
  FakeSender* const real = new FakeSender;  // The sender's.
  SandboxSender sandboxed{std::unique_ptr<Sender>(real), Channel::kSms, inbox};

  static Outgoing To(const std::string& recipient, const std::string& organisation = "sandbox-1") {
    const Channel channel =
        recipient.find('@') == std::string::npos ? Channel::kSms : Channel::kEmail;
    return {organisation,
            NewId("msg"),
            Recipient::Parse(channel, recipient).value(),
            {"A subject", "000000 is your code", "<p>000000</p>"}};
  }
  v1::ListSandboxMessagesResponse List(const std::string& recipient = "",
                                       const std::string& organisation = "sandbox-1",
                                       const std::string& token = "", int size = 0) {
    v1::ListSandboxMessagesRequest request;
    request.set_recipient(recipient);
    request.set_page_token(token);
    request.set_page_size(size);
    const auto listed = handler.ListSandboxMessages(StaffCall(organisation), request);
    INFO(listed.status().ToString());
    REQUIRE(listed.ok());
    return *listed;
  }
};

TEST_CASE_METHOD(InSandbox, "a sandbox's message arrives in its inbox, and nowhere else",
                 "[service]") {
  const Outgoing message = To("+447700900123");
  const SendResult sent = sandboxed.Send(message);
  CHECK(sent.outcome == Outcome::kSent);
  CHECK(sent.provider_id == message.message_id);
  CHECK(real->asked == 0);
  const auto listed = List();
  REQUIRE(listed.messages_size() == 1);
  CHECK(listed.messages(0).message_id() == message.message_id);
  CHECK(listed.messages(0).recipient() == "+447700900123");
  CHECK(listed.messages(0).channel() == v1::SMS);
  CHECK(listed.messages(0).subject() == "A subject");
  CHECK(listed.messages(0).body() == "000000 is your code");
  CHECK(listed.messages(0).html() == "<p>000000</p>");
  CHECK(listed.messages(0).has_arrive_time());
  // Sent again after a crash, it has arrived once.
  CHECK(sandboxed.Send(message).outcome == Outcome::kSent);
  CHECK_FALSE(sandboxed.Find(message).has_value());
  CHECK(List().messages_size() == 1);
}

TEST_CASE_METHOD(InSandbox, "any other organisation's leaves as ever, whatever the number",
                 "[service]") {
  for (const char* organisation : {"acme", "my-sandbox-1", "sandbox"}) {
    for (const char* number : {"+447700900123", "+447700900001", "+447700900002"}) {
      CHECK(sandboxed.Send(To(number, organisation)).outcome == Outcome::kSent);
    }
    CHECK(List("", organisation).messages_size() == 0);
    CHECK(sandboxed.Find(To("+447700900123", organisation)).has_value());
  }
  CHECK(real->asked == 9);
  CHECK(database.Exec("SELECT count(*) FROM sandbox_message")[0][0].as<int>() == 0);
  real->outcome = Outcome::kRefused;
  CHECK(sandboxed.Send(To("+447700900123", "acme")).outcome == Outcome::kRefused);
}

TEST_CASE_METHOD(InSandbox, "a recipient says what becomes of it", "[service]") {
  for (const char* refused : {"+447700900001", "refused@example.com"}) {
    const SendResult result = sandboxed.Send(To(refused));
    CHECK(result.outcome == Outcome::kRefused);
    CHECK(result.failure == "RECIPIENT_REFUSED");
  }
  CHECK(List().messages_size() == 0);
  CHECK(sandboxed.Send(To("+447700900002")).outcome == Outcome::kSent);
  CHECK(sandboxed.Send(To("late@example.com")).outcome == Outcome::kSent);
  CHECK(List().messages_size() == 0);
  database.Exec("UPDATE sandbox_message SET arrive_time = arrive_time - interval '60 s'");
  CHECK(List().messages_size() == 2);
  CHECK(sandboxed.Send(To("+447700900003")).outcome == Outcome::kSent);
  CHECK(List().messages_size() == 3);
  CHECK(real->asked == 0);
}

TEST_CASE_METHOD(InSandbox, "the inbox is read page by page, one's own alone", "[service]") {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    const Outgoing message = To(i % 2 == 0 ? "ada@example.com" : "+447700900123");
    ids.push_back(message.message_id);
    CHECK(sandboxed.Send(message).outcome == Outcome::kSent);
  }
  CHECK(sandboxed.Send(To("ada@example.com", "sandbox-2")).outcome == Outcome::kSent);
  // By their ids: within a millisecond these have no order.
  std::sort(ids.rbegin(), ids.rend());
  std::vector<std::string> read;
  std::string token;
  do {
    const auto page = List("", "sandbox-1", token, 2);
    for (const auto& message : page.messages()) read.push_back(message.message_id());
    token = page.next_page_token();
  } while (!token.empty());
  CHECK(read == ids);
  CHECK(List("ada@example.com").messages_size() == 3);
  CHECK(List("+447700900123").messages_size() == 2);
  CHECK(List("nobody@example.com").messages_size() == 0);
  CHECK(List("", "sandbox-2").messages_size() == 1);
}

TEST_CASE_METHOD(InSandbox, "while the database is away a message waits", "[service]") {
  database.Exec("ALTER TABLE sandbox_message RENAME TO gone");
  CHECK(sandboxed.Send(To("+447700900123")).outcome == Outcome::kTryAgain);
  database.Exec("ALTER TABLE gone RENAME TO sandbox_message");
  CHECK(sandboxed.Send(To("+447700900123")).outcome == Outcome::kSent);
}

}  // namespace
}  // namespace gatehouse::notification
