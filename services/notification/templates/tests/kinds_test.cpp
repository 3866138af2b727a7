#include "services/notification/templates/domain/kinds.h"

#include <catch2/catch.hpp>

#include "services/common/base/status.h"
#include "services/notification/templates/domain/render.h"
#include "services/notification/templates/html.h"

namespace gatehouse::notification {
namespace {

const Kind& Invitation() { return *FindKind("invitation"); }
const Kind& Code() { return *FindKind("sign-in-code"); }

std::string Why(const Kind& kind, const Text& text) { return ReasonOf(CheckText(kind, text)); }

TEST_CASE("each built-in text keeps its own rules, and is sendable", "[unit]") {
  for (const Kind& kind : Kinds()) {
    INFO(kind.name);
    CHECK(CheckText(kind, kind.text).ok());
    CHECK(kind.text.subject.empty() == (kind.channel == Channel::kSms));
    const auto text = Render(kind, {}, kind.text, kind.Samples());
    REQUIRE(text.ok());
    CHECK(text->body.find("{{") == std::string::npos);
    CHECK(FindKind(kind.name) == &kind);
    if (!kind.serves.empty()) CHECK(FindKind(kind.serves) != nullptr);
  }
  CHECK(FindKind("unknown") == nullptr);
  CHECK(FindKind("") == nullptr);
}

TEST_CASE("somebody waits for codes and reset links, and for nothing else", "[unit]") {
  for (const Kind& kind : Kinds()) {
    const bool waited_for =
        kind.name.rfind("sign-in-code", 0) == 0 || kind.name == "signature-code";
    CHECK(kind.urgent == (waited_for || kind.name == "password-reset"));
  }
}

TEST_CASE("the tags of a kind survive every edit [CC-14]", "[unit]") {
  CHECK(CheckText(Invitation(), {"{{case_name}}", "See {{link}}"}).ok());
  CHECK(CheckText(Invitation(), {"", "See |link|"}).ok());
  CHECK(Why(Invitation(), {"", "See the link"}) == "TAG_MISSING");
  CHECK(Why(Invitation(), {"{{link}}", "See the link"}) == "TAG_MISSING");
  CHECK(Why(Invitation(), {"", "{{link}}", "<p>no link</p>"}) == "TAG_MISSING");
  CHECK(Why(Invitation(), {"", "{{#case_name}}{{link}}{{/case_name}}"}) == "TAG_MISSING");
  CHECK(Why(Invitation(), {"", "{{link}} {{Link}}"}) == "UNKNOWN_TAG");
  CHECK(Why(Invitation(), {"{{code}}", "{{link}}"}) == "UNKNOWN_TAG");
  CHECK(Why(Invitation(), {"", "{{link}} {{#case_name}}"}) == "TEMPLATE_MALFORMED");
  const absl::Status missing = CheckText(Invitation(), {"", "none"});
  CHECK(FactsOf(missing)["tag"] == "link");
}

TEST_CASE("a code goes by either of its names [EZ-33]", "[unit]") {
  CHECK(CheckText(Code(), {"", "|client_code_verification|"}).ok());
  CHECK(CheckText(Code(), {"", "{{code}}"}).ok());
  CHECK(Why(Code(), {"", "your code"}) == "TAG_MISSING");
  const auto text =
      Render(Code(), {"", "Enter |client_code_verification|"}, Code().text, Code().Samples());
  REQUIRE(text.ok());
  CHECK(text->body == "Enter 012345\n\n@portal.example #012345");
}

TEST_CASE("an SMS has neither a subject nor HTML, and a bound", "[unit]") {
  CHECK(Why(Code(), {"Hello", "{{code}}"}) == "INVALID_REQUEST");
  CHECK(Why(Code(), {"", "{{code}}", "<b>{{code}}</b>"}) == "INVALID_REQUEST");
  const Text longest = {"", "{{code}}" + std::string(2000, 'a')};
  CHECK(ReasonOf(Render(Code(), longest, Code().text, Code().Samples()).status()) ==
        "INVALID_REQUEST");
}

TEST_CASE("HTML goes with the text that it says the same as", "[unit]") {
  const Text stored = {"s", "{{link}}", "<a href='{{link}}'>{{contact_name}}</a>"};
  std::map<std::string, std::string> values = Invitation().Samples();
  values["contact_name"] = "<script>alert(1)</script> & Co";
  const auto text = Render(Invitation(), {}, stored, values);
  REQUIRE(text.ok());
  CHECK(text->html ==
        "<a href='https:&#x2F;&#x2F;portal.example&#x2F;i#sample'>"
        "&lt;script&gt;alert(1)&lt;&#x2F;script&gt; &amp; Co</a>");
  CHECK(text->body == values["link"]);
  CHECK(Render(Invitation(), {"", "own {{link}}"}, stored, values)->html.empty());
  CHECK_FALSE(Render(Invitation(), {"own subject"}, stored, values)->html.empty());
}

TEST_CASE("a reader is written to in their language, or the nearest there is", "[unit]") {
  using Ids = std::vector<std::string>;
  CHECK(StandardIds("invitation", "fr-CA") ==
        Ids{"invitation.fr-ca", "invitation.fr", "invitation"});
  CHECK(StandardIds("invitation", "fr") == Ids{"invitation.fr", "invitation"});
  CHECK(StandardIds("invitation", "") == Ids{"invitation"});
  for (const char* id : {"invitation", "invitation.fr", "invitation.fr-ca", "invitation.gsw",
                         "CustomerInvitationFromAnotherOffice.zh-hant-tw"}) {
    INFO(id);
    CHECK(IsStandardId(id));
  }
  for (const char* id :
       {"", "tpl_1", "unknown", "unknown.fr", "invitation.", "invitation.FR", "invitation.f",
        "invitation.french", "invitation.fr-", "invitation.fr.ca"}) {
    INFO(id);
    CHECK_FALSE(IsStandardId(id));
  }
}

TEST_CASE("a welcome from another office may stand for an invitation, and nothing for a code",
          "[unit]") {
  const Kind& welcome = *FindKind("CustomerInvitationFromAnotherOffice");
  CHECK(MayServe(welcome, Invitation()));
  CHECK(MayServe(Invitation(), Invitation()));
  CHECK_FALSE(MayServe(Invitation(), welcome));
  CHECK_FALSE(MayServe(Code(), Invitation()));
  CHECK(welcome.title_fixed);
}

// What CheckHtml says of it, and about what.
std::string Html(const std::string& html) {
  const absl::Status status = CheckHtml(Invitation(), html);
  if (status.ok()) return "";
  auto facts = FactsOf(status);
  return ReasonOf(status) + " " + facts["tag"] + facts["element"];
}

TEST_CASE("values stand between elements and in quoted attributes", "[unit]") {
  CHECK(
      Html("<p>Dear {{contact_name}}, <a href=\"{{link}}\" title='{{case_name}}'>enter</a></p>") ==
      "");
  CHECK(Html("{{#case_name}}<p>{{case_name}}</p>{{/case_name}}") == "");
  CHECK(Html("<!doctype html><html><head><meta charset=utf-8><style>p { color: red }</style></head>"
             "<body><table><tr><td style=\"color: red\">|contact_name|</td></tr></table></body>") ==
        "");
  CHECK(Html("<a href='{{link}}?from=mail'>x</a>") == "");
}

TEST_CASE("no value can become an address, a style, a script or an attribute", "[unit]") {
  CHECK(Html("<a href=\"{{contact_name}}\">x</a>") == "TAG_MISPLACED contact_name");
  CHECK(Html("<a href=\"https://x.example/{{contact_name}}\">x</a>") ==
        "TAG_MISPLACED contact_name");
  CHECK(Html("<a href=\"https://x.example/?to={{link}}\">x</a>") == "TAG_MISPLACED link");
  CHECK(Html("<a href={{link}}>x</a>") == "TAG_MISPLACED link");
  CHECK(Html("<p class={{case_name}}>x</p>") == "TAG_MISPLACED case_name");
  CHECK(Html("<p {{case_name}}>x</p>") == "TAG_MISPLACED case_name");
  CHECK(Html("<{{case_name}}>x") == "TAG_MISPLACED case_name");
  CHECK(Html("<p style=\"color: {{case_name}}\">x</p>") == "TAG_MISPLACED case_name");
  CHECK(Html("<style>{{case_name}}</style>") == "TAG_MISPLACED case_name");
  CHECK(Html("<!-- {{case_name}} -->") == "TAG_MISPLACED case_name");
  CHECK(Html("<p title=\"{{#case_name}}x{{/case_name}}\">x</p>") == "TAG_MISPLACED case_name");
  CHECK(Html("{{#case_name}}<p title='{{/case_name}}'>") == "TAG_MISPLACED case_name");
  CHECK(Html("<textarea>{{case_name}}</textarea>") == "HTML_NOT_ALLOWED textarea");
}

TEST_CASE("a mail has no scripts, forms or frames, and leads to pages only", "[unit]") {
  CHECK(Html("<script>alert(1)</script>") == "HTML_NOT_ALLOWED script");
  CHECK(Html("<SCRIPT src=x></SCRIPT>") == "HTML_NOT_ALLOWED script");
  CHECK(Html("<p onclick=\"x()\">x</p>") == "HTML_NOT_ALLOWED onclick");
  CHECK(Html("<iframe src='https://x.example'></iframe>") == "HTML_NOT_ALLOWED iframe");
  CHECK(Html("<form action='https://x.example'><input></form>") == "HTML_NOT_ALLOWED form");
  CHECK(Html("<base href='https://x.example'>") == "HTML_NOT_ALLOWED base");
  CHECK(Html("<meta http-equiv=refresh content='0; url=https://x.example'>") ==
        "HTML_NOT_ALLOWED http-equiv");
  CHECK(Html("<svg><a href='{{link}}'>x</a></svg>") == "HTML_NOT_ALLOWED svg");
  CHECK(Html("<a href='javascript:alert(1)'>x</a>") == "HTML_NOT_ALLOWED href");
  CHECK(Html("<a href=' JaVa\nscript:alert(1)'>x</a>") == "HTML_NOT_ALLOWED href");
  CHECK(Html("<a href='javascript&colon;alert(1)'>x</a>") == "HTML_NOT_ALLOWED href");
  CHECK(Html("<img src='data:image/png;base64,AA'>") == "HTML_NOT_ALLOWED src");
  CHECK(Html("<img src='https://x.example/logo.png'><a href='mailto:o@x.example'>o</a>") == "");
  CHECK(Html("<img src='cid:logo'><a href='tel:+61290000000'>call</a><a href='#top'>up</a>") == "");
}

TEST_CASE("HTML that multiplies as it is parsed is refused before it is", "[unit]") {
  std::string formatting, paragraphs;
  for (int i = 0; i < 2000; ++i) formatting += "<b a=" + std::to_string(i) + ">";
  for (int i = 0; i < 2000; ++i) paragraphs += "<p>x";
  CHECK(Html(formatting + paragraphs) == "HTML_NOT_ALLOWED <");
}

}  // namespace
}  // namespace gatehouse::notification
