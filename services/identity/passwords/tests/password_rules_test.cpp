#include "services/identity/passwords/domain/password_rules.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "services/common/base/status.h"
#include "services/common/text/formats.h"
#include "services/common/text/normal_form.h"
#include "tests/support/places.h"

namespace gatehouse::identity {
namespace {

std::string Repeated(const std::string& text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

const BlockedPasswords& Ours() {
  std::ifstream file(InSource("services/identity/passwords/most_used.txt"));
  static const BlockedPasswords blocked(
      {std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>())});
  return blocked;
}

const std::vector<std::string> kAda = {"ada.lovelace@example.com", "ada.lovelace", "Ada Lovelace",
                                       "Harbour Home Loans"};

std::string Why(const std::string& typed, size_t least = kLeastAlone) {
  return ReasonOf(CheckPassword(NormalisedPassword(typed), least, kAda, Ours()));
}

TEST_CASE("a password has 15 characters at least where it is alone, 8 beside a code", "[unit]") {
  CHECK(Why("tin roof pebble").empty());
  CHECK(Why("tin roof pebbl") == "PASSWORD_TOO_SHORT");
  CHECK(Why("tin roof", kLeastBesideACode).empty());
  CHECK(Why("tin roo", kLeastBesideACode) == "PASSWORD_TOO_SHORT");
  CHECK(Why("") == "PASSWORD_TOO_SHORT");
  const auto refused = CheckPassword("short", kLeastAlone, {}, Ours());
  CHECK(FactsOf(refused)["least"] == "15");
}

TEST_CASE("characters are counted, not bytes, up to 128, and nothing is cut", "[unit]") {
  const std::string emoji =
      "\U0001F600\U0001F601\U0001F602\U0001F603\U0001F604\U0001F605\U0001F606\U0001F607";
  CHECK(Why(Repeated(emoji, 16)).empty());  // 128, of four bytes each.
  CHECK(Why(Repeated(emoji, 16) + "x") == "PASSWORD_TOO_LONG");
  CHECK(Why(emoji, kLeastBesideACode).empty());
  CHECK(Why(Repeated("tin roof pebble ", 8)).empty());
  CHECK(Why(Repeated("tin roof pebble ", 8) + "!") == "PASSWORD_TOO_LONG");
  CHECK(NormalisedPassword(Repeated("x", 500)).size() == 500);
}

TEST_CASE("what keyboards write in several ways is one password", "[unit]") {
  CHECK(NormalisedPassword("Zu\u0308rich bei Regen") ==
        NormalisedPassword("Z\u00fcrich bei Regen"));
  CHECK(NormalisedPassword("\uff11\uff12\uff13") == "123");  // Of full width.
  CHECK(NormalisedPassword("\u1112\u1161\u11ab") == "\ud55c");
  // Counted as they are compared: fifteen, typed as sixteen.
  CHECK(Why("u\u0308ber alle Dacher") == "");
  CHECK(Why("u\u0308ber alle Dach") == "PASSWORD_TOO_SHORT");
  // Case is its own.
  CHECK(NormalisedPassword("Tin Roof") != NormalisedPassword("tin roof"));
}

TEST_CASE("spaces at the ends are part of a password", "[unit]") {
  CHECK(NormalisedPassword(" tin roof pebble ") == " tin roof pebble ");
  CHECK(Why(" tin roof pebb ").empty());
}

TEST_CASE("a NUL is refused, and no other character is", "[unit]") {
  CHECK(Why(std::string("tin roof\0pebble", 15)) == "INVALID_REQUEST");
  CHECK(Why("tin\troof\npebble\x7f").empty());
  CHECK(Why("\u0434\u043e\u0436\u0434\u044c \u043d\u0430 \u043a\u0440\u044b\u0448\u0435!").empty());
}

TEST_CASE("passwords that are tried first are refused, whatever stands around them", "[unit]") {
  for (const char* common :
       {"password", "Password1", "PASSWORD!", "p@ssw0rd", "12345678", "qwertyuiop", "iloveyou",
        "iLoveYou<3", "letmein123", "changeme!!", "motdepasse", "passwort1", "1q2w3e4r", "11111111",
        "aaaaaaaa", "ababababab", "football2024"}) {
    INFO(common);
    CHECK(Why(common, kLeastBesideACode) == "PASSWORD_TOO_COMMON");
  }
  for (const char* common :
       {"passwordpassword", "Password12345678", "123456789012345", "1234567890123456",
        "qwertyuiopasdfgh", "correct horse battery staple", "correcthorsebatterystaple",
        "iloveyouiloveyou", "aaaaaaaaaaaaaaaaaaaa", "121212121212121212", "welcome welcome!",
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff441234567"}) {
    INFO(common);
    CHECK(Why(common) == "PASSWORD_TOO_COMMON");
  }
}

TEST_CASE("so are the client's own name and address, and the organisation's name", "[unit]") {
  for (const char* own : {"ada.lovelace@example.com", "Ada Lovelace 1815", "adalovelace12345",
                          "Harbour Home Loans", "HarbourHomeLoans2026", "harbour-home-loans!"}) {
    INFO(own);
    CHECK(Why(own) == "PASSWORD_TOO_COMMON");
  }
  // With more to it than that they are fine.
  CHECK(Why("Harbour Home Loans by the sea").empty());
  CHECK(Why("my password is a tin roof").empty());
}

TEST_CASE("there are no rules of composition", "[unit]") {
  CHECK(Why("pebble roof tin").empty());
  CHECK(Why("REGENAUFDEMDACH").empty());
  CHECK(Why("739184620573918").empty());
}

TEST_CASE("an operator's list adds to ours, whatever its lines end with", "[unit]") {
  const BlockedPasswords both({"# Ours\nfirst\n", "tin roof pebble\r\n\r\n# Theirs\r\nH\u00fctte"});
  CHECK(both.size() == 3);
  CHECK(both.Has("Tin Roof Pebble", {}));
  CHECK(both.Has("hu\u0308tte", {}));
  CHECK_FALSE(both.Has("# theirs", {}));
  CHECK(Ours().size() > 300);
}

TEST_CASE("texts are counted and folded by what they are in Unicode", "[unit]") {
  CHECK(CodePoints("") == 0);
  CHECK(CodePoints("a\u0308") == 2);
  CHECK(CodePoints("\U0001F600") == 1);
  CHECK(FoldedText("STRASSE") == FoldedText("stra\u00dfe"));
  CHECK(CodePoints(NormalisedText("\xff\xfe")) == 2);  // No UTF-8: replaced, not lost.
}

}  // namespace
}  // namespace gatehouse::identity
