#include "services/common/text/digits.h"

#include <catch2/catch.hpp>

namespace gatehouse {
namespace {

TEST_CASE("digits of any script are read as ASCII ones", "[unit]") {
  CHECK(PlainDigits("120995") == "120995");
  CHECK(PlainDigits("١٢٠٩٩٥") == "120995");        // Arabic-Indic.
  CHECK(PlainDigits("۱۲۰۹۹۵") == "120995");        // Extended Arabic-Indic.
  CHECK(PlainDigits("１２０９９５") == "120995");  // Full-width.
  CHECK(PlainDigits("१२०९९५") == "120995");        // Devanagari.
}

TEST_CASE("what comes with a paste is left out", "[unit]") {
  CHECK(PlainDigits(" 120 995\t\r\n") == "120995");
  CHECK(PlainDigits("120-995") == "120995");
  CHECK(PlainDigits("120\u2011995") == "120995");                    // Non-breaking hyphen.
  CHECK(PlainDigits("120\u2013995") == "120995");                    // En dash.
  CHECK(PlainDigits("120\u2212995") == "120995");                    // Minus.
  CHECK(PlainDigits("120\u00a0995") == "120995");                    // No-break space.
  CHECK(PlainDigits("120\u202f995\u3000") == "120995");              // Narrow, ideographic.
  CHECK(PlainDigits("\ufeff1\u200b2\u200d0\u2060995") == "120995");  // Zero-width.
  CHECK(PlainDigits("\u202a120995\u202c\u200e\u061c") == "120995");  // Directions.
}

TEST_CASE("what is no digit stays, so that nobody takes it for one", "[unit]") {
  CHECK(PlainDigits("12o995") == "12o995");
  CHECK(PlainDigits("#120995") == "#120995");
  CHECK(PlainDigits("½²Ⅻ一") == "½²Ⅻ一");  // Numbers, but no decimal digits.
  CHECK(PlainDigits("12é") == "12é");
  CHECK(PlainDigits("12\xff\xc3") == "12\ufffd\ufffd");
  CHECK(PlainDigits(std::string("1\0"
                                "2",
                                3)) == std::string("1\0"
                                                   "2",
                                                   3));
  CHECK(PlainDigits("").empty());
}

}  // namespace
}  // namespace gatehouse
