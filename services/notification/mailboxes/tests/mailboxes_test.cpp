#include <catch2/catch.hpp>

#include "services/common/base/random.h"
#include "services/common/postgres/once.h"
#include "services/notification/mailboxes/mailbox_sender.h"
#include "services/notification/mailboxes/mailboxes_handler.h"
#include "services/notification/mailboxes/store/postgres_mailboxes.h"
#include "tests/support/calls.h"
#include "tests/support/test_database.h"

namespace gatehouse::notification {
extern const std::vector<Migration> kMigrations;
namespace {

// A mail server that answers as it is told.
class MailServer : public Sender {
 public:
  MailServer(int& asked, SendResult& answer) : asked_(asked), answer_(answer) {}
  SendResult Send(const Outgoing&) override {
    ++asked_;
    return answer_;
  }
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing&) override {
    return std::nullopt;
  }

 private:
  int& asked_;
  SendResult& answer_;
};

struct Mailing {
  TestDatabase database{"notification", WithCommon(kMigrations)};
  // Nobody is there to be told: what is to be told stays in the outbox.
  Outbox outbox{database.postgres(), {.key = Secret(RandomBytes(32)), .services = {}}};
  PostgresMailboxes mailboxes{database.postgres(), Secret(RandomBytes(32)), outbox};
  MailboxesHandler handler{mailboxes};
  int asked = 0;
  SendResult answer = {.outcome = Outcome::kSent};
  MailboxSender sender{std::make_unique<MailServer>(asked, answer), mailboxes};

  SendResult Send(const std::string& email, const std::string& organisation = "acme") {
    return sender.Send(
        {organisation, "msg_1", Recipient::Parse(Channel::kEmail, email).value(), {}});
  }
  bool Dead(const std::string& email, const std::string& organisation = "acme") {
    v1::LookUpMailboxRequest request;
    request.set_email(email);
    const auto found = handler.LookUpMailbox(StaffCall(organisation), request);
    REQUIRE(found.ok());
    CHECK(found->dead() == found->has_dead_since());
    return found->dead();
  }
  void Revive(const std::string& email, const std::string& organisation = "acme") {
    v1::ReviveMailboxRequest request;
    request.set_email(email);
    const auto revived = handler.ReviveMailbox(StaffCall(organisation), request);
    INFO(revived.status().ToString());
    REQUIRE(revived.ok());
    CHECK_FALSE(revived->dead());
  }
  // What identity's trail is to hear.
  size_t Told() { return database.Exec("SELECT FROM job WHERE lane LIKE '%identity%'").size(); }
};

const SendResult kNobody = {
    .outcome = Outcome::kRefused, .failure = "RECIPIENT_REFUSED", .recipient_is_dead = true};

TEST_CASE_METHOD(Mailing, "a mailbox that is refused for good is sent nothing more", "[service]") {
  answer = kNobody;
  CHECK(Send("ada@example.com").failure == "RECIPIENT_REFUSED");
  answer = {.outcome = Outcome::kSent};
  const SendResult result = Send("ada@example.com");
  CHECK(result.outcome == Outcome::kRefused);
  CHECK(result.failure == "MAILBOX_DEAD");
  CHECK(Send("Ada@Example.com").failure == "MAILBOX_DEAD");
  CHECK(asked == 1);
  CHECK(Dead("ADA@example.com"));
  CHECK(Send("bob@example.com").outcome == Outcome::kSent);
  CHECK_FALSE(Dead("bob@example.com"));
}

TEST_CASE_METHOD(Mailing, "a text that is refused, or a server in trouble, buries nobody",
                 "[service]") {
  for (const SendResult& other :
       {SendResult{.outcome = Outcome::kRefused, .failure = "RECIPIENT_REFUSED"},
        SendResult{.outcome = Outcome::kTryAgain, .away = true}}) {
    answer = other;
    CHECK(Send("ada@example.com").outcome == other.outcome);
    CHECK_FALSE(Dead("ada@example.com"));
  }
}

TEST_CASE_METHOD(Mailing, "what one organisation found out holds for no other", "[service]") {
  answer = kNobody;
  Send("ada@example.com");
  answer = {.outcome = Outcome::kSent};
  CHECK_FALSE(Dead("ada@example.com", "globex"));
  CHECK(Send("ada@example.com", "globex").outcome == Outcome::kSent);
  Revive("ada@example.com", "globex");
  CHECK(Dead("ada@example.com"));
}

TEST_CASE_METHOD(Mailing, "staff let mail go there again, once in the trail", "[service]") {
  answer = kNobody;
  Send("ada@example.com");
  answer = {.outcome = Outcome::kSent};
  Revive("ADA@example.com");
  CHECK_FALSE(Dead("ada@example.com"));
  CHECK(Send("ada@example.com").outcome == Outcome::kSent);
  Revive("ada@example.com");
  CHECK(Told() == 1);
}

}  // namespace
}  // namespace gatehouse::notification
