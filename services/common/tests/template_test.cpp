#include "services/common/text/template.h"

#include <catch2/catch.hpp>

#include "services/common/base/status.h"
#include "services/common/text/address.h"

namespace gatehouse {
namespace {

TEST_CASE("tags are replaced by their values, and a value is never a template", "[unit]") {
  CHECK(Expand("Dear {{ name }}, {{link}}.", {{"name", "{{link}}"}, {"link", "L"}}).value() ==
        "Dear {{link}}, L.");
  CHECK(Expand("no tags { } }}", {}).value() == "no tags { } }}");
}

TEST_CASE("a tag that was edited is refused by name", "[unit]") {
  CHECK(ReasonOf(CheckTags("{{linkk}}", {"link"}, {})) == "UNKNOWN_TAG");
  CHECK(ReasonOf(CheckTags("{{link", {"link"}, {})) == "UNKNOWN_TAG");
  CHECK(ReasonOf(CheckTags("{{li\nnk}}", {"link"}, {})) == "UNKNOWN_TAG");
  CHECK(ReasonOf(CheckTags("hello", {"link"}, {"link"})) == "TAG_MISSING");
  CHECK(CheckTags("{{link}}", {"link"}, {"link"}).ok());
  CHECK(ReasonOf(Expand("{{x}}", {}).status()) == "UNKNOWN_TAG");
}

TEST_CASE("a masked address shows its owner enough and nobody else more", "[unit]") {
  CHECK(MaskPhone("+61412341234") == "•••• ••1 234");
  CHECK(MaskPhone("") == "••••");
  CHECK(MaskEmail("ada@example.com") == "a•••@example.com");
  CHECK(MaskEmail("nobody") == "•••");
}

}  // namespace
}  // namespace gatehouse
