#include <catch2/catch.hpp>

#include "services/cases/phone/e164.h"

namespace gatehouse::cases {
namespace {

TEST_CASE("a phone number is read with the organisation's region", "[unit]") {
  CHECK(ToE164("0412 345 678", "AU") == "+61412345678");
  CHECK(ToE164("+61 412 345 678", "NZ") == "+61412345678");
  CHECK(ToE164("021 123 4567", "NZ") == "+64211234567");
  CHECK(ToE164("07700 900123", "GB") == "+447700900123");
  CHECK(ToE164("(415) 555-0132", "US") == "+14155550132");
}

TEST_CASE("a number is read as people and their programs write it", "[unit]") {
  for (const char* number :
       {"0412345678", " 0412-345-678 ", "(0412) 345.678", "+61 (0)412 345 678", "0412/345/678",
        "0011 61 412 345 678", "+61\u00a0412\u00a0345\u00a0678", "0412\u200b345\u2060678",
        "\u202a0412 345 678\u202c", "\uff0b61 412 345 678",
        "\uff10\uff14\uff11\uff12 \uff13\uff14\uff15 \uff16\uff17\uff18",
        "\u0660\u0664\u0661\u0662 \u0663\u0664\u0665 \u0666\u0667\u0668"}) {
    INFO(number);
    CHECK(ToE164(number, "AU") == "+61412345678");
  }
}

TEST_CASE("what is no number, or says more than one, is none", "[unit]") {
  for (const char* number :
       {"", "call me", "12", "+", "+999999999999999999999", "0412\r\n345678x",
        "+81710KKKKKKkKKKKKK", "+49 4947", "0412 345 678 Ann", "Ann 0412 345 678", "1300 FLOWERS",
        "0412 345 678 ext 5", "0412 345 678 x5", "0412 345 678;ext=5", "0412 345 678 #5",
        "0412 345 678, 5", "0412 345 678 / 0413 000 000", "tel:+61412345678",
        "0412 345 678 \u0430"}) {
    INFO(number);
    CHECK(ToE164(number, "AU") == "");
  }
}

TEST_CASE("a number that lacks its area code is none", "[unit]") {
  CHECK(ToE164("555-0132", "US") == "");
  CHECK(ToE164("02 9374 4000", "AU") == "+61293744000");
}

TEST_CASE("a mobile is as long as its country's are", "[unit]") {
  CHECK(MobileToE164("0412 345 678", "AU") == "+61412345678");
  CHECK(MobileToE164("(415) 555-0132", "US") == "+14155550132");
  CHECK(MobileToE164("021 123 4567", "NZ") == "+64211234567");
  CHECK(MobileToE164("07700 900123", "GB") == "+447700900123");
  CHECK(MobileToE164("0151 23456789", "DE") == "+4915123456789");
  // Lengths that some number of the country has: a landline without its area code, a hotline.
  for (const char* number : {"9374 4000", "555-0132", "12345", "1800 123 456", "13 00 00"}) {
    INFO(number);
    CHECK(MobileToE164(number, "AU") == "");
  }
  CHECK(MobileToE164("555-0132", "GB") == "");
  CHECK(MobileToE164("call me", "AU") == "");
}

}  // namespace
}  // namespace gatehouse::cases
