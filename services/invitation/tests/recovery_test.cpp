#include "services/invitation/recovery_handler.h"

#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

struct Recovering : Fixture {
  RecoveryHandler recovery{sign_in, invitations, handler};
};

TEST_CASE_METHOD(Recovering, "a recovery code enters as a code does, and accepts the invitation",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  Entered entered = {.entry = EntryBy(*made)};
  entered.answer.set_session_token("token");
  directory.entered = entered;
  pb::RecoverSignInRequest request;
  request.set_challenge_id("chl_1");
  request.set_recovery_code("7KQ2-M9XD-03FH-TN5V");
  const auto answer = recovery.RecoverSignIn(StaffCall(), request);
  REQUIRE(answer.ok());
  CHECK(answer->session_token() == "token");
  CHECK(directory.recovered == std::vector<std::string>{"chl_1 7KQ2-M9XD-03FH-TN5V"});
  CHECK(store.Get("acme", "deal-1", made->invitation.invitation_id)->state == State::kAccepted);
}

TEST_CASE_METHOD(Recovering, "a reset by staff ends the links, and says so on the case",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  pb::ResetFactorsRequest request;
  request.set_case_id("deal-1");
  request.set_invitation_id(made->invitation.invitation_id);
  const auto reset = recovery.ResetFactors(StaffCall(), request);
  REQUIRE(reset.ok());
  CHECK(reset->state() == pb::PENDING);
  CHECK(directory.reset == std::vector<std::string>{"c1 Acme"});
  CHECK(StateOf(TokenOf(*made)) == LinkState::kRevoked);
  CHECK(Rows("AddNote") == 1);
  // Another link leads in.
  const auto link = invitations.CreateLink("deal-1", made->invitation.invitation_id, StaffCall());
  REQUIRE(link.ok());
  CHECK(recovery.ResetFactors(StaffCall(), request).ok());
  request.set_invitation_id("inv_unknown");
  CHECK(ReasonOf(recovery.ResetFactors(StaffCall(), request).status()) == "NOT_FOUND");
  request.set_invitation_id(made->invitation.invitation_id);
  CHECK(ReasonOf(recovery.ResetFactors(StaffCall("other"), request).status()) == "NOT_FOUND");
}

TEST_CASE_METHOD(Recovering, "a reset ends the contact's links of other cases too", "[service]") {
  const auto here = Create("c1"), neighbour = Create("c2");
  Asked asked;
  asked.case_id = "deal-2";
  asked.contact_id = "c1";
  asked.delivery = Delivery::kLinkOnly;
  const auto there = invitations.Create(asked, StaffCall());
  const auto abroad = invitations.Create(asked, StaffCall("other"));
  REQUIRE((here.ok() && neighbour.ok() && there.ok() && abroad.ok()));
  pb::ResetFactorsRequest request;
  request.set_case_id("deal-1");
  request.set_invitation_id(here->invitation.invitation_id);
  REQUIRE(recovery.ResetFactors(StaffCall(), request).ok());
  CHECK(StateOf(TokenOf(*here)) == LinkState::kRevoked);
  CHECK(StateOf(TokenOf(*there)) == LinkState::kRevoked);
  CHECK(StateOf(TokenOf(*neighbour)) == LinkState::kActive);
  CHECK(StateOf(TokenOf(*abroad)) == LinkState::kActive);
  CHECK(Rows("AddNote") == 2);  // On both cases.
  // Whose links have ended is not told of it again.
  REQUIRE(recovery.ResetFactors(StaffCall(), request).ok());
  CHECK(Rows("AddNote") == 3);
  // A new link leads in there as well.
  CHECK(invitations.CreateLink("deal-2", there->invitation.invitation_id, StaffCall()).ok());
}

}  // namespace
}  // namespace gatehouse::invitation
