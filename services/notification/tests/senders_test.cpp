#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/observe/metrics.h"
#include "services/notification/senders/curl.h"
#include "services/notification/senders/header.h"
#include "tests/support/fake_server.h"

namespace gatehouse::notification {
namespace {

Outgoing Sms(const std::string& body = "1 + 1 = 2 & “so”\n\n@p.example #012345") {
  return {"acme", "msg_1", Recipient::Parse(Channel::kSms, "+61412345678").value(), {"", body}};
}

SmsSender SenderTo(const FakeProvider& provider) {
  return SmsSender({provider.url(), "AC1", Secret("token"), "+61400000000"});
}

std::string Taken(const std::string& sid) {
  return FakeProvider::Answer(201, "{\"sid\": \"" + sid + "\"}");
}

TEST_CASE("an SMS is posted in the provider's shape, and its id is kept", "[service]") {
  FakeProvider provider({Taken("SM1")});
  SmsSender sender = SenderTo(provider);
  const SendResult result = sender.Send(Sms());
  CHECK(result.outcome == Outcome::kSent);
  CHECK(result.provider_id == "SM1");
  REQUIRE(provider.requests().size() == 1);
  const std::string request = provider.requests()[0];
  CHECK(absl::StartsWith(request, "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\n"));
  CHECK(absl::StrContains(request, "Authorization: Basic QUMxOnRva2Vu\r\n"));
  CHECK(absl::StrContains(request, "Content-Type: application/x-www-form-urlencoded\r\n"));
  CHECK(absl::EndsWith(request,
                       "To=%2B61412345678&From=%2B61400000000&Body=1%20%2B%201%20%3D%202%20%26%20"
                       "%E2%80%9Cso%E2%80%9D%0A%0A%40p.example%20%23012345"));
}

// curl 7.88 by itself sends a form again when a kept connection ends before an answer.
TEST_CASE("an SMS is posted once, though a kept connection ends without an answer", "[service]") {
  FakeProvider provider({Taken("SM1"), "", Taken("SM3")});
  SmsSender sender = SenderTo(provider);
  CHECK(sender.Send(Sms()).outcome == Outcome::kSent);
  CHECK(sender.Send(Sms()).outcome == Outcome::kUnsure);
  CHECK(provider.requests().size() == 2);
  CHECK(sender.Send(Sms()).provider_id == "SM3");
}

TEST_CASE("the provider's answer says what becomes of an SMS", "[service]") {
  const auto outcome_of = [](const std::string& answer) {
    FakeProvider provider({answer});
    return SenderTo(provider).Send(Sms()).outcome;
  };
  for (const int status : {400, 413, 422}) {
    CHECK(outcome_of(FakeProvider::Answer(status, "{\"code\": 21211}")) == Outcome::kRefused);
  }
  for (const int status : {302, 401, 402, 403, 404, 405, 407, 408, 410, 421, 425, 429, 451}) {
    INFO(status);
    CHECK(outcome_of(FakeProvider::Answer(status, "{}", "Location: /elsewhere\r\n")) ==
          Outcome::kTryAgain);
  }
  CHECK(outcome_of(FakeProvider::Answer(500, "{}")) == Outcome::kUnsure);
  CHECK(outcome_of("") == Outcome::kUnsure);
  CHECK(outcome_of("HTTP/1.1 201 X\r\nContent-Length: 9\r\n\r\n{") == Outcome::kUnsure);
  CHECK(outcome_of(FakeProvider::Answer(201, "no JSON")) == Outcome::kSent);
  CHECK(outcome_of(FakeProvider::Answer(201, std::string(2 << 20, 'x'))) == Outcome::kUnsure);
  SmsSender nowhere({"http://127.0.0.1:1", "AC1", Secret("token"), "+61400000000"});
  CHECK(nowhere.Send(Sms()).outcome == Outcome::kTryAgain);
}

TEST_CASE("an SMS that was taken and has failed at once is refused, with its code", "[service]") {
  const auto result_of = [](int status, const std::string& body) {
    FakeProvider provider({FakeProvider::Answer(status, body)});
    return SenderTo(provider).Send(Sms());
  };
  for (const char* body : {R"({"sid": "SM1", "status": "failed", "error_code": 30003})",
                           R"({"sid": "SM1", "status": "undelivered", "error_code": "30003"})",
                           R"({"sid": "SM1", "status": "queued", "error_code": 30003})"}) {
    INFO(body);
    CHECK(result_of(201, body).outcome == Outcome::kRefused);
    CHECK(result_of(201, body).failure == "PROVIDER_REFUSED 30003");
  }
  CHECK(result_of(201, R"({"sid": "SM1", "status": "canceled"})").failure == "PROVIDER_REFUSED");
  CHECK(result_of(400, R"({"code": 21211, "status": 400})").failure == "PROVIDER_REFUSED 21211");
  const SendResult taken =
      result_of(201, R"({"sid": "SM1", "status": "queued", "error_code": null})");
  CHECK(taken.outcome == Outcome::kSent);
  CHECK(taken.provider_id == "SM1");
}

TEST_CASE("a sender that may not send fails no SMS for good", "[service]") {
  FakeProvider provider({FakeProvider::Answer(400, R"({"code": 21606})"), Taken("SM2")});
  SmsSender sender = SenderTo(provider);
  CHECK(sender.Send(Sms()).outcome == Outcome::kTryAgain);
  CHECK(absl::StrContains(MetricsText(),
                          R"(gatehouse_relay_refusals_total{command="sms",reply="21606"})"));
  CHECK(sender.Send(Sms()).outcome == Outcome::kSent);
}

TEST_CASE("a day's share that is used up, or a sender that is unknown, fails no SMS for good",
          "[service]") {
  for (const int code : {20006, 30022, 30023, 30034, 63038, 90010}) {
    INFO(code);
    FakeProvider refusing({FakeProvider::Answer(400, absl::StrCat(R"({"code": )", code, "}"))});
    CHECK(SenderTo(refusing).Send(Sms()).outcome == Outcome::kTryAgain);
    FakeProvider failing({FakeProvider::Answer(
        201, absl::StrCat(R"({"sid": "SM1", "status": "failed", "error_code": )", code, "}"))});
    CHECK(SenderTo(failing).Send(Sms()).outcome == Outcome::kTryAgain);
  }
}

TEST_CASE("what was taken and has failed is not found: it did not arrive", "[service]") {
  FakeProvider provider({FakeProvider::Answer(
      200, R"({"messages": [{"sid": "SM1", "body": "b", "status": "failed", "error_code": 30003},
                            {"sid": "SM2", "body": "b", "status": "undelivered"},
                            {"sid": "SM3", "body": "b", "status": "queued", "error_code": 30003},
                            {"sid": "SM4", "body": "b", "status": "sent"}]})")});
  CHECK(SenderTo(provider).Find(Sms("b"))->value() == std::vector<std::string>{"SM4"});
}

TEST_CASE("a provider that wants to be left alone says for how long", "[service]") {
  FakeProvider provider({FakeProvider::Answer(429, "{}", "Retry-After: 120\r\n"),
                         FakeProvider::Answer(429, "{}"), FakeProvider::Answer(400, "{}")});
  SmsSender sender = SenderTo(provider);
  CHECK(sender.Send(Sms()).wait == absl::Seconds(120));
  CHECK(sender.Send(Sms()).wait == absl::ZeroDuration());
  CHECK(sender.Send(Sms()).outcome == Outcome::kRefused);
}

TEST_CASE("what was taken is found by its text, and nothing is taken for found that is not",
          "[service]") {
  FakeProvider provider(
      {FakeProvider::Answer(200,
                            R"({"messages": [{"sid": "SM2", "body": "b"}, {"sid": "SM1"}, 7,
                                {"sid": "SM0", "body": "other"}]})"),
       FakeProvider::Answer(200, R"({"messages": null})"), FakeProvider::Answer(200, "["),
       FakeProvider::Answer(503, R"({"messages": []})"), ""});
  SmsSender sender = SenderTo(provider);
  CHECK(sender.Find(Sms("b"))->value() == std::vector<std::string>{"SM2"});
  CHECK(absl::StartsWith(provider.requests()[0],
                         "GET /2010-04-01/Accounts/AC1/Messages.json?PageSize=50&To=%2B614"));
  for (int i = 0; i < 4; ++i) CHECK_FALSE(sender.Find(Sms("b"))->ok());
}

Outgoing Mail(const std::string& subject = "Come in", const std::string& body = "Dear Ada\n") {
  return {"acme",
          "msg_1",
          Recipient::Parse(Channel::kEmail, "ada@example.com").value(),
          {subject, body}};
}

SmtpSender SenderTo(const FakeMailServer& server) {
  return SmtpSender({Secret(server.url()), "portal@gatehouse.example"});
}

TEST_CASE("a mail goes to its one recipient, with its headers and its text", "[service]") {
  FakeMailServer server;
  CHECK(SenderTo(server)
            .Send(Mail("Grüße, Ada",
                       "Dear Ada,\n\n.\nhttps://p.example/i#ключ\n" + std::string(100, 'x') + "\n"))
            .outcome == Outcome::kSent);
  int recipients = 0;
  for (const std::string& command : server.commands()) {
    recipients += absl::StartsWith(command, "RCPT");
    if (absl::StartsWith(command, "RCPT")) CHECK(command == "RCPT TO:<ada@example.com>\r\n");
  }
  CHECK(recipients == 1);
  REQUIRE(server.texts().size() == 1);
  const std::string text = server.texts()[0];
  CHECK(absl::StrContains(text, "From: portal@gatehouse.example\r\n"));
  CHECK(absl::StrContains(text, "To: ada@example.com\r\n"));
  CHECK(absl::StrContains(text, "Subject: =?UTF-8?B?R3LDvMOfZSwgQWRh?=\r\n"));
  CHECK(absl::StrContains(text, "Message-ID: <msg_1@gatehouse.example>\r\n"));
  CHECK(absl::StrContains(text, "Auto-Submitted: auto-generated\r\n"));
  CHECK(absl::StrContains(
      text, "Dear Ada,\r\n\r\n..\r\nhttps://p.example/i#=D0=BA=D0=BB=D1=8E=D1=87\r\nxxx"));
  for (const auto line : absl::StrSplit(text, "\r\n")) {
    CHECK(line.size() <= 100);
    CHECK_FALSE(absl::StrContains(line, "\n"));
  }
}

TEST_CASE("what the mail server replies says what becomes of a mail", "[service]") {
  struct Case {
    const char *command, *reply;
    Outcome outcome;
  };
  for (const Case& each :
       {Case{"RCPT", "550 no such mailbox", Outcome::kRefused},
        Case{"RCPT", "550-5.1.1 The account\r\n550 5.1.1 does not exist", Outcome::kRefused},
        Case{"RCPT", "451 later", Outcome::kTryAgain}, Case{".", "554 spam", Outcome::kRefused},
        Case{".", "452 full", Outcome::kTryAgain}, Case{".", "", Outcome::kTryAgain},
        // The sender's or the relay's to mend, whenever it is said.
        Case{"MAIL", "530 log in first", Outcome::kTryAgain},
        Case{"MAIL", "550 5.7.1 sender refused", Outcome::kTryAgain},
        Case{"MAIL", "550 5.4.5 daily quota exceeded", Outcome::kTryAgain},
        Case{"RCPT", "554 5.7.1 relay access denied", Outcome::kTryAgain},
        Case{"RCPT", "550 5.1.8 sender's domain is unknown", Outcome::kTryAgain},
        Case{"DATA", "550 5.4.5 daily quota exceeded", Outcome::kTryAgain},
        Case{".", "550 5.4.5 daily quota exceeded", Outcome::kTryAgain},
        Case{".", "550 5.7.26 unauthenticated sender", Outcome::kTryAgain},
        Case{"", "554 not from you", Outcome::kTryAgain}, Case{"", "", Outcome::kTryAgain}}) {
    INFO(each.command << ": " << each.reply);
    FakeMailServer server(FakeMailServer::Replies{{each.command, each.reply}});
    CHECK(SenderTo(server).Send(Mail()).outcome == each.outcome);
  }
}

TEST_CASE("a sender that was refused is not held against the next mail", "[service]") {
  FakeMailServer server(FakeMailServer::Replies{{"MAIL", "550 5.7.1 not you"}});
  SmtpSender sender = SenderTo(server);
  CHECK(sender.Send(Mail()).outcome == Outcome::kTryAgain);
  server.Forget("MAIL");
  CHECK(sender.Send(Mail()).outcome == Outcome::kSent);
}

TEST_CASE("what the relay will not do is counted by what it answers", "[service]") {
  FakeMailServer server(FakeMailServer::Replies{{"MAIL", "550 5.7.1 not you"}});
  CHECK(SenderTo(server).Send(Mail()).outcome == Outcome::kTryAgain);
  CHECK(absl::StrContains(MetricsText(),
                          R"(gatehouse_relay_refusals_total{command="mail",reply="550"})"));
}

TEST_CASE("a name beyond ASCII fails by that name where the server takes none", "[service]") {
  Outgoing mail = Mail();
  mail.recipient = Recipient::Parse(Channel::kEmail, "ünal@example.com").value();
  FakeMailServer none(FakeMailServer::Replies{{"RCPT", "550 what?"}});
  CHECK(SenderTo(none).Send(mail).failure == "RECIPIENT_NEEDS_SMTPUTF8");
  FakeMailServer some(
      FakeMailServer::Replies{{"EHLO", "250-here\r\n250 SMTPUTF8"}, {"RCPT", "550 unknown"}});
  CHECK(SenderTo(some).Send(mail).failure == "RECIPIENT_REFUSED");
  FakeMailServer all(FakeMailServer::Replies{{"EHLO", "250-here\r\n250 SMTPUTF8"}});
  CHECK(SenderTo(all).Send(mail).outcome == Outcome::kSent);
}

TEST_CASE("a mail with HTML has both parts, the text first", "[service]") {
  FakeMailServer server;
  SmtpSender sender = SenderTo(server);
  const Recipient ada = Recipient::Parse(Channel::kEmail, "ada@example.com").value();
  const std::string html = "<p>" + std::string(2000, 'x') + "</p>";
  REQUIRE(sender.Send({"acme", "msg_1", ada, {"s", "the text\n", html}}).outcome == Outcome::kSent);
  REQUIRE(sender.Send({"acme", "msg_2", ada, {"s", "the text\n"}}).outcome == Outcome::kSent);
  const std::string both = server.texts().at(0), plain = server.texts().at(1);
  const size_t alternative = both.find("Content-Type: multipart/alternative");
  const size_t text = both.find("Content-Type: text/plain; charset=utf-8");
  const size_t rich = both.find("Content-Type: text/html; charset=utf-8");
  REQUIRE(rich != std::string::npos);
  CHECK(alternative < text);
  CHECK(text < rich);
  // No line is longer than SMTP takes, however long the HTML's are.
  for (const absl::string_view line : absl::StrSplit(both, "\r\n")) CHECK(line.size() <= 998);
  CHECK_FALSE(absl::StrContains(plain, "multipart/alternative"));
  CHECK_FALSE(absl::StrContains(plain, "text/html"));
}

TEST_CASE("a mail's attachment comes after its text, under its name, byte by byte", "[service]") {
  FakeMailServer server;
  SmtpSender sender = SenderTo(server);
  Outgoing mail = Mail();
  mail.text.attachment = {"text/calendar; charset=utf-8; method=CANCEL", "visit.ics",
                          "BEGIN:VCALENDAR\r\n"};
  if (GENERATE(true, false)) mail.text.html = "<p>text</p>";
  REQUIRE(sender.Send(mail).outcome == Outcome::kSent);
  const std::string text = server.texts().at(0);
  const size_t mixed = text.find("Content-Type: multipart/mixed");
  const size_t plain = text.find("Content-Type: text/plain");
  const size_t calendar =
      text.find("Content-Type: text/calendar; charset=utf-8; method=CANCEL\r\n");
  REQUIRE(calendar != std::string::npos);
  CHECK(mixed < plain);
  CHECK(plain < calendar);
  CHECK(absl::StrContains(text, "Content-Disposition: attachment; filename=\"visit.ics\"\r\n"));
  CHECK(absl::StrContains(text.substr(calendar), "QkVHSU46VkNBTEVOREFSDQo="));
}

bool WasSent(const FakeMailServer& server, const std::string& command) {
  for (const std::string& each : server.commands()) {
    if (absl::StartsWith(each, command)) return true;
  }
  return false;
}

TEST_CASE("TLS is asked for as far as the settings say", "[service]") {
  const FakeMailServer::Replies offered = {{"EHLO", "250-here\r\n250 STARTTLS"},
                                           {"STARTTLS", "454 not now"}};
  const auto send = [](const FakeMailServer& server, SmtpTls tls) {
    return SmtpSender({Secret(server.url()), "portal@gatehouse.example", tls, ""})
        .Send(Mail())
        .outcome;
  };
  FakeMailServer plain, off(offered), opportunistic(offered), required(offered), demanded;
  CHECK(send(off, SmtpTls::kOff) == Outcome::kSent);
  CHECK_FALSE(WasSent(off, "STARTTLS"));
  CHECK(send(plain, SmtpTls::kOpportunistic) == Outcome::kSent);
  CHECK(send(opportunistic, SmtpTls::kOpportunistic) == Outcome::kSent);
  CHECK(WasSent(opportunistic, "STARTTLS"));
  CHECK(send(required, SmtpTls::kRequired) == Outcome::kTryAgain);
  CHECK(send(demanded, SmtpTls::kRequired) == Outcome::kTryAgain);
  CHECK_FALSE(WasSent(required, "MAIL"));
  CHECK_FALSE(WasSent(demanded, "MAIL"));
}

TEST_CASE("a relay is believed by the authority that it is told, and else waited for",
          "[service]") {
  const auto send = [](const TlsMailServer& server, const std::string& ca_file) {
    return SmtpSender({Secret(server.url()), "portal@gatehouse.example", std::nullopt, ca_file})
        .Send(Mail())
        .outcome;
  };
  const TlsMailServer unknown, known;
  CHECK(send(unknown, "") == Outcome::kTryAgain);
  CHECK(absl::StrContains(MetricsText(),
                          R"(gatehouse_relay_refusals_total{command="tls",reply="none"})"));
  CHECK(send(known, known.certificate()) == Outcome::kSent);
}

TEST_CASE("a log-in that is refused fails no mail", "[service]") {
  FakeMailServer server(
      FakeMailServer::Replies{{"EHLO", "250-here\r\n250 AUTH PLAIN"}, {"AUTH", "535 no"}});
  const std::string url = "smtp://user:word@" + server.url().substr(7);
  SmtpSender sender({Secret(url), "portal@gatehouse.example"});
  CHECK(sender.Send(Mail()).outcome == Outcome::kTryAgain);
}

TEST_CASE("a mail that is sent again keeps its Message-ID, on a new connection", "[service]") {
  FakeMailServer server(FakeMailServer::Replies{{".", ""}});
  SmtpSender sender = SenderTo(server);
  CHECK(sender.Send(Mail()).outcome == Outcome::kTryAgain);
  CHECK(sender.Send(Mail()).outcome == Outcome::kTryAgain);
  REQUIRE(server.texts().size() == 2);
  for (const std::string& text : server.texts()) {
    CHECK(absl::StrContains(text, "Message-ID: <msg_1@gatehouse.example>\r\n"));
  }
}

TEST_CASE("a mail comes from whom the reader knows, at the address that sends", "[unit]") {
  const std::string address = "portal@gatehouse.example";
  CHECK(MailboxHeader("", address) == address);
  CHECK(MailboxHeader("Harbour Home Loans", address) ==
        "\"Harbour Home Loans\" <portal@gatehouse.example>");
  CHECK(MailboxHeader("A \"B\" \\ <eve@x.example>, C", address) ==
        "\"A \\\"B\\\" \\\\ <eve@x.example>, C\" <portal@gatehouse.example>");
  CHECK(MailboxHeader("Bürgschaft", address) ==
        "=?UTF-8?B?QsO8cmdzY2hhZnQ=?= <portal@gatehouse.example>");
  for (const char* name : {"Acme\r\nBcc: eve@x.example", "Acme\nX", "\x80\r"}) {
    for (const absl::string_view line : absl::StrSplit(MailboxHeader(name, address), "\r\n ")) {
      CHECK(line.find_first_of("\r\n") == absl::string_view::npos);
    }
  }
}

TEST_CASE("a mail bears the name of its organisation", "[service]") {
  FakeMailServer server;
  Outgoing mail = Mail();
  mail.from_name = "Harbour Home Loans";
  REQUIRE(SenderTo(server).Send(mail).outcome == Outcome::kSent);
  CHECK(absl::StrContains(server.texts().at(0),
                          "From: \"Harbour Home Loans\" <portal@gatehouse.example>\r\n"));
}

TEST_CASE("a header's value is encoded in short words that cut no character", "[unit]") {
  CHECK(EncodedHeader("Come in") == "Come in");
  CHECK(EncodedHeader("=?x") == "=?UTF-8?B?PT94?=");
  CHECK(EncodedHeader("") == "");
  std::string text;
  for (int i = 0; i < 50; ++i) text += "aü€😀";
  for (const auto line : absl::StrSplit(EncodedHeader(text), "\r\n ")) {
    CHECK(line.size() <= 75);
    CHECK(absl::StartsWith(line, "=?UTF-8?B?"));
    CHECK(absl::EndsWith(line, "?="));
  }
  // Not even bytes that are no text at all make it run on.
  CHECK_FALSE(EncodedHeader(std::string(1000, '\x80')).empty());
}

}  // namespace
}  // namespace gatehouse::notification
