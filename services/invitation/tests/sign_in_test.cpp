#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

TEST_CASE("a token is found in whatever was pasted", "[unit]") {
  const std::string token = "abcDEF012_-abcDEF012_-abcDEF012_-abcDEF0123";
  REQUIRE(token.size() == 43);
  const std::string link = "https://portal.example/au/i#" + token;
  for (const std::string& pasted : std::vector<std::string>{
           token, "#" + token, link, link + ".", "<" + link + ">", "(" + link + "),",
           "\"" + token + "\"", "  " + link + "\r\n", "https://portal.example/i%23" + token,
           link + "\u200b",
           "https://portal.example/au/i#abcDEF012_-abcDEF012_-\r\nabcDEF012_-abcDEF0123",
           "Your link: " + link + " Kind regards", link + "_", link + "?utm=1",
           "https://portal.example/#x#" + token}) {
    INFO(pasted);
    CHECK(TokenIn(pasted) == token);
  }
  CHECK(TokenIn("").empty());
  CHECK(TokenIn("#").empty());
  CHECK(TokenIn("\u200b.,;").empty());
  CHECK(TokenIn("short") == "short");
}

TEST_CASE_METHOD(Fixture, "a link opens by its token or as it was pasted", "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  for (const std::string& pasted :
       {TokenOf(*made), "#" + TokenOf(*made), made->link.Reveal() + "."}) {
    const auto opened = sign_in.Open(pasted);
    REQUIRE(opened.ok());
    CHECK(opened->state == LinkState::kActive);
    CHECK(opened->masked_mobile == "•••• ••0 123");
    CHECK(opened->masked_email == "c•••@example.com");
    CHECK(sign_in.Start(pasted).ok());
  }
  CHECK(ReasonOf(sign_in.Open("nonsense").status()) == "NOT_FOUND");
  CHECK(ReasonOf(sign_in.Open("").status()) == "NOT_FOUND");
  CHECK(ReasonOf(sign_in.Start("nonsense").status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Fixture, "an address beyond ASCII opens like any other", "[service]") {
  directory.mirrored.contacts[1].email = "\u00fcnal@example.com";
  const auto made = Create("c1", Delivery::kEmail);
  REQUIRE(made.ok());
  const auto link = invitations.CreateLink("deal-1", made->invitation.invitation_id, StaffCall());
  CHECK(sign_in.Open(link->link.Reveal())->masked_email == "\u00fc•••@example.com");
}

TEST_CASE_METHOD(Fixture, "a link that leads nowhere shows nobody's addresses", "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  REQUIRE(invitations.Revoke("deal-1", made->invitation.invitation_id, StaffCall()).ok());
  const auto opened = sign_in.Open(TokenOf(*made));
  REQUIRE(opened.ok());
  CHECK(opened->state == LinkState::kRevoked);
  CHECK(opened->organisation.display_name == "Acme");
  CHECK((opened->masked_email.empty() && opened->masked_mobile.empty() && !opened->takes_codes));
  CHECK(ReasonOf(sign_in.Start(TokenOf(*made)).status()) == "LINK_REVOKED");
  CHECK(directory.codes.empty());
}

}  // namespace
}  // namespace gatehouse::invitation
