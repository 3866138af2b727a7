#include "services/common/text/language.h"

#include <catch2/catch.hpp>

namespace gatehouse {
namespace {

TEST_CASE("a page speaks what its reader reads best", "[unit]") {
  const std::vector<std::string> spoken = {"en", "de", "pt-BR", "zh-Hant"};
  CHECK(ChooseLanguage("de", spoken) == "de");
  CHECK(ChooseLanguage("fr, de;q=0.5, en;q=0.9", spoken) == "en");
  CHECK(ChooseLanguage("de-CH-1996", spoken) == "de");
  CHECK(ChooseLanguage("PT-br, en", spoken) == "pt-BR");
  CHECK(ChooseLanguage("zh-Hant-u-nu-hant", spoken) == "zh-Hant");
  // Better another Portuguese than none.
  CHECK(ChooseLanguage("pt-PT, pt;q=0.9, en;q=0.8", spoken) == "pt-BR");
}

TEST_CASE("who reads none of the languages gets the first", "[unit]") {
  const std::vector<std::string> spoken = {"en", "de"};
  for (const char* header : {"", "fr", "*", "fr, *;q=0.1", "de;q=0", ";;,,q=1", "de;q=2",
                             "d\xc3\xa9", "de;level=1", "*;q=0"}) {
    INFO(header);
    CHECK(ChooseLanguage(header, spoken) == "en");
  }
}

TEST_CASE("of a long list of wishes the first ones count", "[unit]") {
  std::string header;
  for (int i = 0; i < 20; ++i) header += "fr,";
  CHECK(ChooseLanguage(header + "de", {"en", "de"}) == "en");
}

}  // namespace
}  // namespace gatehouse
