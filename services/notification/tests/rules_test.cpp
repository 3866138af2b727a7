#include <catch2/catch.hpp>

#include "services/common/base/status.h"
#include "services/notification/domain/messages.h"
#include "services/notification/domain/segments.h"

namespace gatehouse::notification {
namespace {

std::string Repeat(const std::string& text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST_CASE("GSM-7 takes 160 septets alone and 153 in each of several", "[unit]") {
  CHECK(Segments("") == 0);
  CHECK(Segments(Repeat("a", 160)) == 1);
  CHECK(Segments(Repeat("a", 161)) == 2);
  CHECK(Segments(Repeat("a", 306)) == 2);
  CHECK(Segments(Repeat("a", 307)) == 3);
  CHECK(Segments(Repeat("€", 80)) == 1);
  CHECK(Segments(Repeat("€", 81)) == 2);
  // 152 septets and an escaped one: the pair moves whole into the next segment.
  CHECK(Segments(Repeat("a", 152) + "€" + Repeat("a", 152)) == 3);
}

TEST_CASE("one character beyond GSM-7 makes it UCS-2: 70 units alone, 67 in several", "[unit]") {
  CHECK(Segments(Repeat("ж", 70)) == 1);
  CHECK(Segments(Repeat("ж", 71)) == 2);
  CHECK(Segments(Repeat("a", 69) + "😀") == 2);
  CHECK(Segments(Repeat("😀", 35)) == 1);
  CHECK(Segments(Repeat("😀", 36)) == 2);
  CHECK(Segments("it’s") == 1);
  CHECK(Plainer("it’s “here” – now…") == "it's \"here\" - now...");
}

TEST_CASE("a recipient cannot smuggle a second one", "[unit]") {
  CHECK(Recipient::Parse(Channel::kEmail, "ada@example.com").ok());
  for (const char* text :
       {"ada@example.com\r\nRCPT TO:<eve@example.com>", "ada@example.com, eve@x.y",
        "<ada@example.com>", "ada", "@", "a b@example.com", ""}) {
    CHECK_FALSE(Recipient::Parse(Channel::kEmail, text).ok());
  }
  CHECK(Recipient::Parse(Channel::kSms, "+61412345678").ok());
  for (const char* text : {"0412345678", "+61412345678\r\n", "+6141234567890123456", "ada"}) {
    CHECK_FALSE(Recipient::Parse(Channel::kSms, text).ok());
  }
}

TEST_CASE("a value with a line break cannot add a header, and the SMS ends with its origin",
          "[unit]") {
  const Kind& invitation = *FindKind("invitation");
  const auto mail = Render(invitation, {"Hi {{contact_name}}", "{{link}}"}, invitation.text,
                           {{"contact_name", "Ada\r\nBcc: eve@example.com"}, {"link", "L"}});
  REQUIRE(mail.ok());
  CHECK(mail->subject == "Hi Ada  Bcc: eve@example.com");
  const Kind& code = *FindKind("sign-in-code");
  const auto sms =
      Render(code, {}, code.text,
             {{"code", "012345"}, {"organisation_name", "Acme"}, {"host", "p.acme.example"}});
  REQUIRE(sms.ok());
  CHECK(sms->body.substr(sms->body.rfind('\n') + 1) == "@p.acme.example #012345");
}

TEST_CASE("a message knows its price and its end", "[unit]") {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  Draft draft = {.organisation_id = "acme",
                 .request_id = "r1",
                 .recipient = "+61412345678",
                 .own = {"", "{{organisation_name}}"},
                 .parameters = {{"organisation_name", "012345"}}};
  const auto compose = [&](const char* kind_name) {
    const Kind& kind = *FindKind(kind_name);
    return Compose(draft, kind, {.kind = kind.name, .text = kind.text}, now);
  };
  const auto message = compose("mobile-changed");
  REQUIRE(message.ok());
  CHECK(message->shown.segments == 1);
  CHECK(message->shown.masked_recipient == "•••• ••5 678");
  CHECK(message->shown.message_id == message->outgoing.message_id);
  CHECK(message->outgoing.text.body == "012345");
  CHECK(message->expire_time == now + absl::Hours(72));
  draft.expire_time = now + absl::Minutes(5);
  CHECK(compose("mobile-changed")->expire_time == now + absl::Minutes(5));
  draft.expire_time = absl::InfiniteFuture();
  CHECK(compose("mobile-changed")->expire_time == now + absl::Hours(7 * 24));
  draft.own.body = Repeat("a", 153 * 10);
  CHECK(compose("mobile-changed")->shown.segments == 10);
  draft.own.body += "a";
  CHECK(ReasonOf(compose("mobile-changed").status()) == "INVALID_REQUEST");
  draft.own.body = "{{unknown}}";
  CHECK(ReasonOf(compose("mobile-changed").status()) == "UNKNOWN_TAG");
  draft = {.recipient = "ada@example.com", .own = {"s", Repeat("a", 5000)}};
  CHECK(compose("invitation")->shown.segments == 0);
  draft.recipient = "ada@example.com\r\n";
  CHECK(ReasonOf(compose("invitation").status()) == "INVALID_REQUEST");
}

TEST_CASE("a template that cannot be filled gives way to the built-in one, and a message is sent",
          "[unit]") {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const Kind& kind = *FindKind("sign-in-code");
  const StoredTemplate own = {.template_id = "sign-in-code",
                              .kind = "sign-in-code",
                              .text = {"", "{{code}}: {{case_name}}"},
                              .version = 7};
  Draft draft = {.recipient = "+61412345678",
                 .parameters = {{"code", "012345"}, {"organisation_name", "Acme"}, {"host", "h"}}};
  const auto without = Compose(draft, kind, own, now);
  REQUIRE(without.ok());
  CHECK(without->outgoing.text.body.rfind("012345 is your code for Acme", 0) == 0);
  CHECK(without->shown.template_id.empty());
  CHECK(without->shown.template_version == 0);
  draft.parameters["case_name"] = "12 Harbour Street";
  const auto with = Compose(draft, kind, own, now);
  REQUIRE(with.ok());
  CHECK(with->outgoing.text.body == "012345: 12 Harbour Street\n\n@h #012345");
  CHECK(with->shown.template_id == "sign-in-code");
  CHECK(with->shown.template_version == 7);
  CHECK(with->urgent);
}

}  // namespace
}  // namespace gatehouse::notification
