#include "services/notification/senders/smtp_reply.h"

#include <catch2/catch.hpp>
#include <initializer_list>

#include "absl/strings/match.h"

namespace gatehouse::notification {
namespace {

// A conversation up to this command's answer.
MailConversation Ended(const char* command, std::initializer_list<const char*> answer) {
  MailConversation conversation;
  conversation.Begin();
  conversation.Received("220 relay.example ESMTP\r\n");
  if (*command != '\0') conversation.Sent(command);
  for (const char* line : answer) conversation.Received(line);
  return conversation;
}

TEST_CASE("of an address that is refused the answer is for good", "[unit]") {
  for (const char* answer :
       {"550 no such user\r\n", "551 not local\r\n", "553 bad name\r\n", "501 syntax\r\n",
        "550 5.1.1 unknown\r\n", "550 5.1.10 null MX\r\n", "552 5.2.2 mailbox full\r\n",
        "550 5.2.1 disabled\r\n", "550 5.4.1 access denied\r\n", "554 5.4.4 no route\r\n",
        "553 5.6.7 needs SMTPUTF8\r\n"}) {
    INFO(answer);
    CHECK(Ended("RCPT TO:<ada@example.com>\r\n", {answer}).IsForGood());
  }
}

TEST_CASE("what a recipient is told of the sender or the relay is not", "[unit]") {
  for (const char* answer :
       {"550 5.7.1 relaying denied\r\n", "554 5.7.1 blocked by a list\r\n",
        "550 5.1.7 bad sender\r\n", "553 5.1.8 sender's domain\r\n", "550 5.4.5 quota\r\n",
        "554 5.3.0 out of order\r\n", "554 transaction failed\r\n", "530 log in\r\n",
        "503 5.5.1 MAIL first\r\n", "451 4.7.1 greylisted\r\n", "421 closing\r\n"}) {
    INFO(answer);
    CHECK_FALSE(Ended("RCPT TO:<ada@example.com>\r\n", {answer}).IsForGood());
  }
}

TEST_CASE("nothing that is said before a recipient is for good", "[unit]") {
  for (const char* command : {"", "EHLO portal\r\n", "STARTTLS\r\n", "AUTH PLAIN\r\n",
                              "MAIL FROM:<portal@gatehouse.example>\r\n", "DATA\r\n"}) {
    INFO(command);
    CHECK_FALSE(Ended(command, {"550 5.1.1 no\r\n"}).IsForGood());
  }
}

TEST_CASE("of a text that is refused the answer is for good, unless it names the sender",
          "[unit]") {
  for (const char* answer : {"554 spam\r\n", "550 5.7.1 spam\r\n", "552 5.3.4 too large\r\n",
                             "550 5.6.0 malformed\r\n", "550 5.1.1 unknown after all\r\n"}) {
    INFO(answer);
    const auto conversation = Ended("DATA\r\n", {"354 go on\r\n", answer});
    CHECK(conversation.command() == "text");
    CHECK(conversation.IsForGood());
  }
  for (const char* answer : {"550 5.4.5 daily quota\r\n", "550 5.7.26 no SPF, no DKIM\r\n",
                             "554 5.3.0 broken\r\n", "452 4.3.1 disk full\r\n"}) {
    INFO(answer);
    CHECK_FALSE(Ended("DATA\r\n", {"354 go on\r\n", answer}).IsForGood());
  }
}

TEST_CASE("an answer of several lines counts by its last code and its first words", "[unit]") {
  const auto conversation =
      Ended("RCPT TO:<ada@example.com>\r\n",
            {"550-5.1.1 The account\r\n", "550-5.1.1 that you tried\r\n", "550 5.1.1 is none\r\n"});
  CHECK(conversation.reply() == 550);
  CHECK(conversation.Said() == "550-5.1.1 The account 550-5.1.1 that you tried 550 5.1.1 is none");
  CHECK(conversation.IsForGood());
}

TEST_CASE("what is sent leaves nothing but the command's name", "[unit]") {
  MailConversation conversation;
  conversation.Begin();
  CHECK(conversation.command() == "greeting");
  conversation.Sent("AUTH PLAIN AHVzZXIAd29yZA==\r\n");
  conversation.Sent("AHVzZXIAd29yZA==\r\n");
  CHECK(conversation.command() == "auth");
  CHECK(conversation.reply() == 0);
  CHECK(conversation.Said().empty());
}

TEST_CASE("the farewell after a refusal changes nothing", "[unit]") {
  auto conversation = Ended("MAIL FROM:<a@b.example>\r\n", {"550 5.7.1 not you\r\n"});
  conversation.Sent("QUIT\r\n");
  conversation.Received("221 bye\r\n");
  CHECK(conversation.command() == "mail");
  CHECK(conversation.reply() == 550);
  // The next message, on whatever connection, begins anew.
  conversation.Begin();
  conversation.Sent("MAIL FROM:<a@b.example>\r\n");
  conversation.Received("250 fine\r\n");
  CHECK(conversation.reply() == 250);
}

TEST_CASE("what the server says is kept short, and without addresses", "[unit]") {
  const auto said = [](const std::string& text) {
    return Ended("MAIL FROM:<a@b.example>\r\n", {("550 " + text + "\r\n").c_str()}).Said();
  };
  CHECK(said("5.7.1 <portal@gatehouse.example>: refused") == "550 5.7.1 (address) refused");
  CHECK(said("not ada@example.com") == "550 not (address)");
  CHECK_FALSE(absl::StrContains(said("a\x1b[31mb"), "\x1b"));
  CHECK(said(std::string(5000, 'x')).size() <= 200);
}

TEST_CASE("what is no reply is passed over", "[unit]") {
  const auto conversation =
      Ended("MAIL FROM:<a@b.example>\r\n", {"", "\r\n", "hello\r\n", "99 x\r\n", "999 x\r\n"});
  CHECK(conversation.reply() == 0);
  CHECK_FALSE(conversation.IsForGood());
}

TEST_CASE("whether names beyond ASCII are taken is remembered for the connection", "[unit]") {
  auto conversation = Ended(
      "EHLO portal\r\n", {"250-relay\r\n", "250-SIZE 1\r\n", "250-SMTPUTF8\r\n", "250 HELP\r\n"});
  CHECK(conversation.offers_smtputf8());
  conversation.Begin();
  conversation.Sent("MAIL FROM:<a@b.example>\r\n");
  conversation.Received("250 fine\r\n");
  CHECK(conversation.offers_smtputf8());
  conversation.Begin();
  conversation.Sent("EHLO portal\r\n");
  conversation.Received("250 another relay\r\n");
  CHECK_FALSE(conversation.offers_smtputf8());
}

}  // namespace
}  // namespace gatehouse::notification
