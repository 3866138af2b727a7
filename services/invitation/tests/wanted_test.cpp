#include "services/invitation/domain/wanted.h"

#include <catch2/catch.hpp>

namespace gatehouse::invitation {
namespace {

const std::vector<WantedDocument> kWanted = {{"drq_1", "Passport", "ada", "2027-03-31"},
                                             {"drq_2", "Contract", "", ""},
                                             {"drq_3", "Licence", "bob", ""}};

TEST_CASE("an invitation names what its contact is asked for", "[unit]") {
  Invitation invitation;
  invitation.contact_id = "ada";
  CHECK(WantedText(kWanted, invitation) ==
        "You are asked for:\n\n- Passport (by 2027-03-31)\n- Contract\n\n");
  CHECK(WantedText({}, invitation).empty());
  SECTION("and of that only what it chose") {
    invitation.document_request_ids = {"drq_2", "drq_3"};
    CHECK(WantedText(kWanted, invitation) == "You are asked for:\n\n- Contract\n\n");
    invitation.document_request_ids = {"drq_3"};
    CHECK(WantedText(kWanted, invitation).empty());
  }
}

TEST_CASE("what has no room in an invitation is counted", "[unit]") {
  Invitation invitation;
  std::vector<WantedDocument> many;
  for (int i = 0; i < 40; ++i) many.push_back({"drq", std::string(100, 'x'), "", ""});
  const std::string text = WantedText(many, invitation);
  CHECK(text.size() <= 900);
  CHECK(text.find("- and 32 more\n") != std::string::npos);
  // One title of the greatest length, of three bytes a character.
  std::string long_title;
  for (int i = 0; i < 200; ++i) long_title += "\u20ac";
  CHECK(WantedText({{"drq", long_title, "", ""}}, invitation).size() <= 900);
}

}  // namespace
}  // namespace gatehouse::invitation
