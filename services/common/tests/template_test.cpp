#include "services/common/text/template.h"

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"

namespace gatehouse {
namespace {

using Values = std::map<std::string, std::string>;
using Names = std::set<std::string>;

// The line that a refusal names.
std::string LineOf(const std::string& text) {
  const absl::Status status = Template::Parse(text).status();
  CHECK(ReasonOf(status) == "TEMPLATE_MALFORMED");
  return FactsOf(status)["line"];
}

TEST_CASE("tags are replaced by their values, and a value is never a template", "[unit]") {
  CHECK(Expand("Dear {{ name }}, {{link}}.", {{"name", "{{link}}"}, {"link", "L"}}).value() ==
        "Dear {{link}}, L.");
  CHECK(Expand("|name|", {{"name", "|link|"}, {"link", "L"}}).value() == "|link|");
  CHECK(Expand("no tags { } }}", {}).value() == "no tags { } }}");
}

TEST_CASE("a tag stands between braces or between bars", "[unit]") {
  const Values values = {{"client_code_verification", "012345"}, {"link", "L"}};
  CHECK(Expand("Code: |client_code_verification|.", values).value() == "Code: 012345.");
  CHECK(Expand("|link||link| {{link}}|link|", values).value() == "LL LL");
  // A table's bars are no tags, and what is none is left alone.
  for (const char* text : {"a | b | c", "| link |", "|Link|", "||", "|", "a|", "|link", "|l1|"}) {
    CHECK(Expand(text, values).value() == text);
  }
  // What was stored before bars meant anything is sent as it was; what is written now is checked.
  CHECK(Expand("left|middle|right", values).value() == "left|middle|right");
  CHECK(FactsOf(CheckTags("left|middle|right", {"link"}, {}))["tag"] == "middle");
}

TEST_CASE("a tag that was edited is refused by name", "[unit]") {
  CHECK(ReasonOf(CheckTags("{{linkk}}", {"link"}, {})) == "UNKNOWN_TAG");
  CHECK(ReasonOf(CheckTags("{{link", {"link"}, {})) == "UNKNOWN_TAG");
  CHECK(ReasonOf(CheckTags("{{li\nnk}}", {"link"}, {})) == "UNKNOWN_TAG");
  CHECK(ReasonOf(CheckTags("hello", {"link"}, {"link"})) == "TAG_MISSING");
  CHECK(CheckTags("{{link}}", {"link"}, {"link"}).ok());
  CHECK(CheckTags("|link|", {"link"}, {"link"}).ok());
  CHECK(ReasonOf(Expand("{{x}}", {}).status()) == "UNKNOWN_TAG");
}

TEST_CASE("there is no way round escaping, no partial, no other delimiter", "[unit]") {
  for (const char* text : {"{{{link}}}", "{{&link}}", "{{> link}}", "{{=<% %>=}}", "{{}}", "{{ }}",
                           "{{.}}", "{{a.b}}", "{{#}}", "{{/}}", "{{link }", "{{#link", "{{!x"}) {
    INFO(text);
    CHECK(ReasonOf(Template::Parse(text).status()) == "UNKNOWN_TAG");
  }
}

TEST_CASE("a section shows what is between, or not", "[unit]") {
  const std::string text = "{{#name}}Dear {{name}}{{/name}}{{^name}}Hello{{/name}}!";
  CHECK(Expand(text, {{"name", "Ada"}}).value() == "Dear Ada!");
  CHECK(Expand(text, {{"name", ""}}).value() == "Hello!");
  CHECK(Expand("{{#a}}{{#b}}both{{/b}}{{^b}}one{{/b}}{{/a}}", {{"a", "1"}, {"b", ""}}).value() ==
        "one");
  CHECK(Expand("a{{! {{ never seen\n }}b", {}).value() == "ab");
  CHECK(ReasonOf(Expand("{{#a}}x{{/a}}", {}).status()) == "UNKNOWN_TAG");
}

TEST_CASE("a line that holds nothing but sections and comments vanishes", "[unit]") {
  const Values values = {{"a", "1"}, {"b", ""}};
  CHECK(Expand("x\n  {{#a}}\ny\n{{/a}}\nz\n", values).value() == "x\ny\nz\n");
  CHECK(Expand("x\n{{#b}}\ny\n{{/b}}\nz", values).value() == "x\nz");
  CHECK(Expand("x\r\n{{! why }}\r\ny", values).value() == "x\r\ny");
  CHECK(Expand("{{#a}} {{/a}}\n", values).value() == "");
  CHECK(Expand("{{#a}} x {{/a}}\n", values).value() == " x \n");
  CHECK(Expand("{{a}}\n", values).value() == "1\n");
  CHECK(Expand("|a|\n{{#a}}\n{{/a}}", values).value() == "1\n");
}

TEST_CASE("sections that do not fit together are refused with their line", "[unit]") {
  CHECK(LineOf("{{#a}}") == "1");
  CHECK(LineOf("x\n{{#a}}\ny\n") == "2");
  CHECK(LineOf("x\n\n{{/a}}") == "3");
  CHECK(LineOf("{{#a}}\n{{#b}}\n{{/a}}\n{{/b}}") == "3");
  CHECK(LineOf("{{! two\nlines }}\n{{^a}}") == "3");
  std::string deep, too_deep;
  for (int i = 0; i < 10; ++i) deep += "{{#a}}";
  too_deep = deep + "{{#a}}";
  for (int i = 0; i < 10; ++i) deep += "{{/a}}";
  CHECK(Template::Parse(deep).ok());
  CHECK(LineOf(too_deep) == "1");
}

TEST_CASE("what must be there is there whatever the values are", "[unit]") {
  const Names known = {"a", "link"};
  for (const char* text : {"{{#a}}{{link}}{{/a}}", "{{^a}}|link|{{/a}}", "{{#link}}{{/link}}",
                           "{{! {{link}} }}", "{{#a}}{{#a}}{{/a}}{{link}}{{/a}}"}) {
    INFO(text);
    CHECK_FALSE(CheckTags(text, known, {"link"}).ok());
  }
  CHECK(CheckTags("{{#a}}x{{/a}}{{link}}{{#a}}y{{/a}}", known, {"link"}).ok());
  const auto parsed = Template::Parse("{{#a}}{{b}}{{/a}}{{c}}|d|");
  CHECK(parsed->Names() == Names{"a", "b", "c", "d"});
  CHECK(parsed->Always() == Names{"c", "d"});
}

TEST_CASE("HTML shows a value as it is", "[unit]") {
  const auto shown = [](const std::string& value) {
    return Template::Parse("<b>{{x}}</b>")->Render({{"x", value}}, Markup::kHtml).value();
  };
  CHECK(shown("Ada") == "<b>Ada</b>");
  CHECK(shown("<i>'\"&</i>`=") == "<b>&lt;i&gt;&#39;&quot;&amp;&lt;&#x2F;i&gt;&#x60;&#x3D;</b>");
  CHECK(shown("&amp;") == "<b>&amp;amp;</b>");
}

TEST_CASE("a text has its bounds, however many values it takes", "[unit]") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "|x|";
  CHECK(Expand(text, {{"x", std::string(100, 'a')}})->size() == 100'000);
  CHECK(ReasonOf(Expand(text, {{"x", std::string(1000, 'a')}}).status()) == "TEMPLATE_MALFORMED");
}

TEST_CASE("no text takes longer than its length", "[unit]") {
  for (const std::string& piece : {std::string("{{"), std::string("|a"), std::string("{{#a}}"),
                                   std::string("{"), std::string("{{!")}) {
    std::string text;
    while (text.size() < 500'000) text += piece;
    const absl::Time begin = absl::Now();
    (void)Template::Parse(text).ok();
    CHECK(absl::Now() - begin < absl::Seconds(2));
  }
}

TEST_CASE("a masked address shows its owner enough and nobody else more", "[unit]") {
  CHECK(MaskPhone("+61412341234") == "•••• ••1 234");
  CHECK(MaskPhone("") == "••••");
  CHECK(MaskEmail("ada@example.com") == "a•••@example.com");
  CHECK(MaskEmail("nobody") == "•••");
}

}  // namespace
}  // namespace gatehouse
