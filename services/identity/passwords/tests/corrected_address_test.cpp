#include "services/identity/passwords/tests/fixture.h"

// An address that the CRM corrects: what the old one opened, and what was under way by it.

namespace gatehouse::identity {
namespace {

struct AddressFixture : PasswordFixture {
  int Rebind(const std::string& invitation, const std::string& email,
             const std::string& mobile = "+61412345678") {
    v1::RebindAddressRequest request;
    request.set_invitation_id(invitation);
    request.set_case_id("deal-1");
    request.set_contact_id("ada");
    request.set_mobile(mobile);
    request.set_email(email);
    request.set_actor_name("Sam Staff");
    const auto bound = passwords_handler.RebindAddress(call, request);
    INFO(bound.status().ToString());
    REQUIRE(bound.ok());
    return bound->ended_sessions();
  }
};

TEST_CASE_METHOD(AddressFixture, "a corrected address ends what the old one opened", "[service]") {
  const auto by_password = Create(Ada(), kGood);
  const auto by_phone = SignIn();
  REQUIRE(by_phone.ok());
  CHECK(Rebind("inv_1", "ada@other.example") == 1);
  CHECK_FALSE(Exchange(TokenOf(by_password)).ok());
  CHECK(Exchange(by_phone->token.Reveal()).ok());
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "PASSWORD_WRONG");
  CHECK(Count("password") == 0);
  CHECK(ResetToken().empty());
  CHECK(database.Exec("SELECT email FROM account")[0][0].as<std::string>() == "ada@other.example");
  CHECK(Count("audit_event WHERE type = 'grant.addressRebound' AND actor_name = 'Sam Staff'") == 1);

  // Said twice, it ends nothing that the new one opened.
  Subject corrected = Ada();
  corrected.email = "ada@other.example";
  const auto now = Create(corrected, kOther);
  CHECK(Rebind("inv_1", "Ada@Other.example") == 0);
  CHECK(Exchange(TokenOf(now)).ok());
  CHECK(ByAddress("ada@other.example", kOther).ok());
  CHECK(Count("audit_event WHERE type = 'grant.addressRebound'") == 1);
}

TEST_CASE_METHOD(AddressFixture, "an address corrected in one job opens the others still",
                 "[service]") {
  REQUIRE(Create(By("ada", "inv_1", "deal-1"), kGood).ok());
  REQUIRE(ByLink(By("ada", "inv_2", "deal-2"), kGood).ok());
  CHECK(Rebind("inv_1", "ada@other.example") == 2);
  const auto entered = ByAddress("ada@example.com", kGood);
  CHECK(In(entered).session.case_ids == std::vector<std::string>{"deal-2"});
  CHECK(As(TokenOf(entered)).caller.cases.size() == 1);
  Rebind("inv_2", "ada@other.example");
  CHECK(Why(ByAddress("ada@example.com", kGood)) == "PASSWORD_WRONG");
}

TEST_CASE_METHOD(AddressFixture, "who is in the middle of an entry by the old address is out",
                 "[service]") {
  REQUIRE(Create(By("ada", "inv_1", "deal-1"), kGood).ok());
  REQUIRE(ByLink(By("ada", "inv_2", "deal-2"), kGood).ok());

  SECTION("while the password is looked at") {
    hash.meanwhile = [&] { Rebind("inv_1", "ada@other.example"); };
    CHECK(In(ByAddress("ada@example.com", kGood)).session.case_ids ==
          std::vector<std::string>{"deal-2"});
  }
  SECTION("while the code that follows it is typed") {
    const auto begun = ByAddress("ada@example.com", kGood, true);
    REQUIRE(begun.ok());
    Rebind("inv_2", "ada@other.example");
    CHECK(ReasonOf(
              Verify(std::get<Challenge>(*begun).challenge_id, messenger.codes.back()).status()) ==
          "CHALLENGE_EXPIRED");
  }
  SECTION("by a link that was read before") {
    Rebind("inv_1", "ada@other.example");
    CHECK(Why(ByLink(By("ada", "inv_1", "deal-1"), kGood)) == "ACCESS_REVOKED");
  }
}

TEST_CASE_METHOD(AddressFixture, "a password by the old address before the first entry is gone",
                 "[service]") {
  REQUIRE(Create(Ada(), kGood, true).ok());  // The code never came.
  CHECK(Rebind("inv_1", "ada@other.example") == 0);
  CHECK(Count("password") == 0);
  pb::ListCaseGrantsRequest request;
  request.set_case_id("deal-1");
  CHECK(access_handler.ListCaseGrants(call, request)->grants_size() == 0);  // Nobody has entered.
  Subject corrected = Ada();
  corrected.email = "ada@other.example";
  CHECK(Create(corrected, kOther).ok());
}

}  // namespace
}  // namespace gatehouse::identity
