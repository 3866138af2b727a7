// A link that is all that is asked for: it lives shortly, and serves once.
#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/invitation/sign_in_handler.h"
#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

Policy Alone() {
  Policy policy;
  policy.mutable_link_ttl()->set_seconds(2700);
  policy.set_single_use_links(true);
  policy.set_link_alone(true);
  return policy;
}

TEST_CASE("a link alone lives for 45 minutes at most, serves once, and nothing follows it",
          "[unit]") {
  CHECK(CheckPolicy(Alone()).ok());
  const auto refused = [](const Policy& policy, const std::string& other) {
    const absl::Status status = CheckPolicy(policy);
    INFO(status.message());
    CHECK(ReasonOf(status) == "INVALID_REQUEST");
    CHECK(status.ToString().find("link_alone") != std::string::npos);
    CHECK(status.ToString().find(other) != std::string::npos);
  };
  Policy policy = Alone();
  policy.mutable_link_ttl()->set_seconds(2701);
  refused(policy, "policy.link_ttl");
  policy.mutable_link_ttl()->set_seconds(0);  // Until revoked.
  refused(policy, "policy.link_ttl");
  policy = Alone();
  policy.set_single_use_links(false);
  refused(policy, "policy.single_use_links");
  for (const auto use : {v1::PASSWORD_ALONE, v1::PASSWORD_AND_SMS}) {
    policy = Alone();
    policy.set_password(use);
    refused(policy, "policy.password");
  }
  policy = Alone();
  policy.set_send_code_with_invitation(true);
  refused(policy, "policy.send_code_with_invitation");
  policy = Alone();
  policy.set_passkeys(v1::PASSKEY_FOR_CODE);
  refused(policy, "policy.passkeys");
  policy.set_passkeys(v1::PASSKEY_ALONE);
  CHECK(CheckPolicy(policy).ok());
}

TEST_CASE("an invitation's e-mail says what its link asks for", "[unit]") {
  CHECK(Entering(Policy()) == "To enter, you will be sent a code by SMS.");
  CHECK(Entering(PresetOf(v1::SMS_WITH_INVITATION)).find("need the code") != std::string::npos);
  CHECK(Entering(PresetOf(v1::MAGIC_LINK)).find("by e-mail") != std::string::npos);
  CHECK(Entering(Alone()) == "It lets you in once.");
}

struct ByLink : Fixture {
  void LetIn(const Made& made) {
    Entered entered = {.entry = EntryBy(made)};
    entered.answer.mutable_session()->set_session_id("ses_1");
    directory.entered = entered;
  }
  absl::StatusOr<v1::VerifySignInResponse> Enter(const std::string& token,
                                                 const std::string& nonce = "nonce-of-the-page-1") {
    v1::EnterByLinkRequest request;
    request.set_token(token);
    request.set_nonce(nonce);
    return SignInHandler(sign_in).EnterByLink(ServiceCall(), request);
  }
  std::string Why(const std::string& token, const std::string& nonce = "nonce-of-the-page-1") {
    return ReasonOf(Enter(token, nonce).status());
  }
};

TEST_CASE_METHOD(ByLink, "a link alone lets in once; the same page gets its session again [EZ-26]",
                 "[service]") {
  Set(Alone());
  const auto made = Create("c1");
  REQUIRE(made.ok());
  const std::string token = TokenOf(*made);
  const auto opened = sign_in.Open(token);
  CHECK(opened->takes_link_alone);
  CHECK_FALSE(opened->takes_codes);
  CHECK(opened->masked_mobile.empty());
  CHECK(ReasonOf(sign_in.Start(token).status()) == "INVALID_REQUEST");
  LetIn(*made);
  REQUIRE(Enter(token).ok());
  CHECK(store.Get("acme", "deal-1", made->invitation.invitation_id)->state == State::kAccepted);
  CHECK(Enter(token)->session().session_id() == "ses_1");
  CHECK(Why(token, "nonce-of-another-page") == "LINK_USED");
  CHECK(directory.codes.size() == 2);
  REQUIRE(invitations.Revoke("deal-1", made->invitation.invitation_id, StaffCall()).ok());
  CHECK(Why(token) == "LINK_REVOKED");
}

TEST_CASE_METHOD(ByLink, "a page that repeats itself does so while the link lives, no longer",
                 "[service]") {
  Set(Alone());
  const auto made = Create("c1");
  LetIn(*made);
  REQUIRE(Enter(TokenOf(*made)).ok());
  clock.ahead = absl::Minutes(44);
  CHECK(Enter(TokenOf(*made)).ok());
  clock.ahead = absl::Minutes(46);
  CHECK(Why(TokenOf(*made)) == "LINK_USED");
  CHECK(directory.codes.size() == 2);
}

TEST_CASE_METHOD(ByLink, "who is not let in has used nothing up", "[service]") {
  Set(Alone());
  const auto made = Create("c1");
  directory.entered = absl::UnavailableError("identity is away");
  CHECK(absl::IsUnavailable(Enter(TokenOf(*made)).status()));
  CHECK(StateOf(TokenOf(*made)) == LinkState::kActive);
  directory.entered = Refuse(identity::v1::ACCESS_REVOKED, "no");
  CHECK(Why(TokenOf(*made)) == "ACCESS_REVOKED");
  CHECK(StateOf(TokenOf(*made)) == LinkState::kActive);
}

TEST_CASE_METHOD(ByLink, "a link from before that lives longer, or serves often, asks for its code",
                 "[service]") {
  Policy before;
  SECTION("it lives for a week") { before.set_single_use_links(true); }
  SECTION("it serves often") { before.mutable_link_ttl()->set_seconds(2700); }
  Set(before);
  const auto made = Create("c1");
  Set(Alone());
  CHECK_FALSE(sign_in.Open(TokenOf(*made))->takes_link_alone);
  CHECK(sign_in.Open(TokenOf(*made))->takes_codes);
  LetIn(*made);
  CHECK(Why(TokenOf(*made)) == "INVALID_REQUEST");
  CHECK(sign_in.Start(TokenOf(*made)).ok());
}

TEST_CASE_METHOD(ByLink, "a link alone leads in nowhere that the policy has none", "[service]") {
  const auto made = Create("c1");
  LetIn(*made);
  CHECK(Why(TokenOf(*made)) == "INVALID_REQUEST");
  CHECK(Why("nonsense") == "NOT_FOUND");
}

TEST_CASE_METHOD(ByLink, "a corrected mailbox ends the links that lie in the old one",
                 "[service]") {
  Set(Alone());
  const auto made = Create("c1");
  directory.mirrored.contacts[1].email = "new@example.com";
  REQUIRE(invitations.Follow("deal-1", &directory.mirrored, StaffCall()).ok());
  CHECK(Why(TokenOf(*made)) == "LINK_REVOKED");
}

TEST_CASE_METHOD(ByLink, "nor does it let in whoever presses the button in that moment",
                 "[service]") {
  Set(Alone());
  const auto made = Create("c1");
  LetIn(*made);
  directory.meanwhile = [&] {
    directory.mirrored.contacts[1].email = "new@example.com";
    REQUIRE(invitations.Follow("deal-1", &directory.mirrored, StaffCall()).ok());
  };
  CHECK(Why(TokenOf(*made)) == "LINK_REVOKED");
  CHECK(StateOf(TokenOf(*made)) == LinkState::kRevoked);
}

TEST_CASE_METHOD(ByLink, "a link alone needs no credits for SMS", "[service]") {
  directory.balance = 0;
  CHECK(ReasonOf(Create("c1").status()) == "INVITATION_NOT_ALLOWED");
  Set(Alone());
  CHECK(Create("c1").ok());
}

}  // namespace
}  // namespace gatehouse::invitation
