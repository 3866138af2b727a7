#include <catch2/catch.hpp>

#include "services/common/text/address.h"
#include "services/common/text/characters.h"
#include "services/common/text/formats.h"
#include "services/common/text/region.h"

namespace gatehouse {
namespace {

TEST_CASE("a region is a country of ISO 3166-1, and no look-alike of one", "[unit]") {
  for (const char* code : {"AU", "NZ", "GB", "US", "DE", "ZW"}) CHECK(IsRegion(code));
  for (const char* code : {"", "UK", "ZZ", "XX", "EU", "au", "AUS", "A", "AU "}) {
    INFO(code);
    CHECK_FALSE(IsRegion(code));
  }
}

TEST_CASE("what leaves no ink is blank, whatever it is made of", "[unit]") {
  for (const char* text : {"", " ", "\t\r\n", "\u00a0", "\u200b\u200d\u2060\ufeff", "\u3164\u2800",
                           "\u202e\u202c", "\u3000\u2003", "\u00ad", "\ufe0f", "\u0085\u2028"}) {
    INFO(text);
    CHECK(IsBlank(text));
    CHECK(Trim(text).empty());
    CHECK_FALSE(MistakeInFormat(common::v1::NAME, std::string("\u200b") + text).empty());
  }
  for (const char* text : {"a", ".", "\u0301", "\U0001f600", "\xff"}) CHECK_FALSE(IsBlank(text));
}

TEST_CASE("a text is trimmed of blanks at its ends and keeps those within", "[unit]") {
  CHECK(Trim("\ufeff\u00a0 Ada \u200bLovelace\u200b\n") == "Ada \u200bLovelace");
  CHECK(Trim("نمی\u200cخواهم") == "نمی\u200cخواهم");
  CHECK(Trim("\xff a") == "\xff a");
}

TEST_CASE("a name stands on one line", "[unit]") {
  CHECK(OneLine(" Ada\r\n\tLovelace\u00a0\u2028Byron ") == "Ada Lovelace Byron");
  CHECK(OneLine("\u200b") == "");
}

TEST_CASE("a text is cut between characters, never within one", "[unit]") {
  CHECK(Cut("ünal", 1) == "ü");
  CHECK(Cut("\U0001f600\U0001f601", 1) == "\U0001f600");
  CHECK(Cut("abc", 3) == "abc");
  CHECK(Cut("abc", 4) == "abc");
  CHECK(Cut("abc", 0).empty());
  CHECK(Cut("", 5).empty());
  CHECK(FirstCharacter("ünal") == "ü");
  CHECK(FirstCharacter("e\u0301a") == "e\u0301");
  CHECK(FirstCharacter("").empty());
}

TEST_CASE("letters of every script are letters, and blanks are taken out anywhere", "[unit]") {
  CHECK(WithoutBlanks("1\u00a02\u200b3 4") == "1234");
  CHECK(HasLetter("12 Ann"));
  CHECK(HasLetter("12 ж"));
  CHECK_FALSE(HasLetter("12 (3) +"));
}

TEST_CASE("an address is masked by characters", "[unit]") {
  CHECK(MaskEmail("ada@example.com") == "a•••@example.com");
  CHECK(MaskEmail("ünal@example.com") == "ü•••@example.com");
  CHECK(MaskEmail("\U0001f600@example.com") == "\U0001f600•••@example.com");
  CHECK(MaskEmail("@example.com") == "•••");
  CHECK(MaskEmail("") == "•••");
  CHECK(MaskPhone("+61412341234") == "•••• ••1 234");
  CHECK(MaskPhone("") == "••••");
}

TEST_CASE("an address is taken without what stands around it, its domain in ASCII", "[unit]") {
  CHECK(NormalisedEmail("\u00a0 ada@example.com\u200b ") == "ada@example.com");
  CHECK(NormalisedEmail("ada@exämple.com") == "ada@xn--exmple-cua.com");
  CHECK(NormalisedEmail("ünal@EXÄMPLE.com") == "ünal@xn--exmple-cua.com");
  CHECK(NormalisedEmail("Ada@Example.COM") == "Ada@Example.COM");
  CHECK(NormalisedEmail("ada@例え.jp") == "ada@xn--r8jz45g.jp");
  CHECK(NormalisedEmail("ada@ex ämple.com") == "ada@ex ämple.com");
  CHECK(NormalisedEmail("nobody") == "nobody");
  CHECK(NormalisedEmail("") == "");
  CHECK(IsEmail(NormalisedEmail(" ada@exämple.com")));
  CHECK(IsEmail("ünal@example.com"));
  CHECK_FALSE(IsEmail("ada\u200b@example.com"));
  CHECK_FALSE(IsEmail("ada@exämple.com"));
}

}  // namespace
}  // namespace gatehouse
