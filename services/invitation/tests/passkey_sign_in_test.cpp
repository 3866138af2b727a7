#include "services/invitation/domain/passkey_sign_in.h"

#include "services/invitation/passkeys_handler.h"
#include "services/invitation/passwords_handler.h"
#include "services/invitation/sign_in_handler.h"
#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

struct WithPasskeys : Fixture {
  explicit WithPasskeys(pb::PasskeyUse use = pb::PASSKEY_FOR_CODE,
                        pb::PasswordUse password = pb::NO_PASSWORD) {
    Policy change;
    change.set_passkeys(use);
    change.set_password(password);
    Set(change);
  }
  PasskeySignIn by_passkey{store, directory, invitations, clock};
  PasskeysHandler passkeys_handler{by_passkey};
  SignInHandler sign_in_handler{sign_in};
  PasswordSignIn by_password{store, directory, invitations, clock};

  std::vector<int> MethodsOf(const std::string& token) {
    pb::OpenLinkRequest open;
    open.set_token(token);
    const auto opened = sign_in_handler.OpenLink(StaffCall(), open);
    REQUIRE(opened.ok());
    return {opened->methods().begin(), opened->methods().end()};
  }
  absl::Status StartBy(const std::string& token) {
    pb::StartPasskeySignInRequest request;
    request.set_token(token);
    return passkeys_handler.StartPasskeySignIn(StaffCall(), request).status();
  }
  absl::Status StartAt(const std::string& portal) {
    pb::StartPasskeySignInRequest request;
    request.set_organisation_id("acme");
    request.set_portal_url(portal);
    return passkeys_handler.StartPasskeySignIn(StaffCall(), request).status();
  }
  static Call ClientOf(const Made& made) {
    return ClientCall({.case_id = made.invitation.case_id,
                       .contact_id = made.invitation.contact_id,
                       .invitation_id = made.invitation.invitation_id});
  }
};
struct WithPasskeysAlone : WithPasskeys {
  WithPasskeysAlone() : WithPasskeys(pb::PASSKEY_ALONE) {}
};
struct AfterAPassword : WithPasskeys {
  AfterAPassword() : WithPasskeys(pb::PASSKEY_FOR_CODE, pb::PASSWORD_AND_SMS) {}
};

TEST_CASE_METHOD(Fixture, "where the policy says nothing no passkey leads in", "[service]") {
  PasskeySignIn by_passkey{store, directory, invitations, clock};
  const auto made = Create("c1");
  REQUIRE(made.ok());
  pb::StartPasskeySignInRequest start;
  start.set_token(TokenOf(*made));
  CHECK(ReasonOf(by_passkey.Start(start).status()) == "PASSKEYS_NOT_ALLOWED");
  start.clear_token();
  start.set_organisation_id("acme");
  CHECK(ReasonOf(by_passkey.Start(start).status()) == "PASSKEYS_NOT_ALLOWED");
  const Call client = WithPasskeys::ClientOf(*made);
  CHECK(ReasonOf(by_passkey.Begin({}, client).status()) == "PASSKEYS_NOT_ALLOWED");
  CHECK(directory.portals.empty());
  CHECK(directory.new_passkeys.empty());
}

TEST_CASE_METHOD(WithPasskeys, "a link says whether its client has a passkey, and starts with it",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  CHECK(MethodsOf(TokenOf(*made)) == std::vector<int>{identity::v1::SMS_CODE});
  directory.has_passkey = true;
  CHECK(MethodsOf(TokenOf(*made)) ==
        std::vector<int>{identity::v1::SMS_CODE, identity::v1::PASSKEY});
  REQUIRE(StartBy(TokenOf(*made)).ok());
  REQUIRE(directory.codes.size() == 1);
  CHECK(directory.codes[0].invitation.contact_id == "c1");
  CHECK(directory.portals.back() == directory.codes[0].organisation.portal_url);
  // Without the link it is not enough.
  CHECK(ReasonOf(StartAt("")) == "PASSKEYS_NOT_ALLOWED");
  RunOut();
  CHECK(ReasonOf(StartBy(TokenOf(*made))) == "LINK_EXPIRED");
  CHECK(ReasonOf(StartBy("unknown")) == "NOT_FOUND");
  pb::StartSignInRequest start;
  start.set_token(TokenOf(*made));
  start.set_method(identity::v1::PASSKEY);
  CHECK(ReasonOf(sign_in_handler.StartSignIn(StaffCall(), start).status()) == "INVALID_REQUEST");
}

TEST_CASE_METHOD(WithPasskeysAlone, "alone it needs no link, but a portal of the organisation's",
                 "[service]") {
  REQUIRE(StartAt("").ok());
  const std::string first = directory.portals.back();
  CHECK(StartAt(first).ok());
  CHECK(ReasonOf(StartAt("https://evil.example")) == "INVALID_REQUEST");
  v1::FollowPortalRequest closed;
  closed.set_settings_version(1);
  REQUIRE(store.SetPortal("acme", closed).ok());
  CHECK(ReasonOf(StartAt("")) == "PORTAL_DISABLED");
  pb::StartPasskeySignInRequest neither;
  CHECK(ReasonOf(by_passkey.Start(neither).status()) == "INVALID_REQUEST");
}

TEST_CASE_METHOD(WithPasskeys, "a client registers one for the contact that the session is",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  REQUIRE(passkeys_handler.BeginPasskey(ClientOf(*made), {}).ok());
  REQUIRE(directory.new_passkeys.size() == 1);
  const NewPasskey& wanted = directory.new_passkeys[0];
  CHECK(wanted.account_id == "acc_1");
  CHECK(wanted.session_id == "ses_1");
  REQUIRE(wanted.invitations.size() == 1);
  CHECK(wanted.invitations[0].contact_id == "c1");
  CHECK_FALSE(wanted.invitations[0].email.empty());
  pb::BeginPasskeyRequest elsewhere;
  elsewhere.set_portal_url("https://evil.example");
  CHECK(ReasonOf(passkeys_handler.BeginPasskey(ClientOf(*made), elsewhere).status()) ==
        "INVALID_REQUEST");
}

TEST_CASE_METHOD(WithPasskeys, "the first entry by a passkey accepts the invitation", "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  Entered entered = {.entry = EntryBy(*made)};
  entered.answer.set_session_token("token");
  directory.entered = entered;
  pb::VerifyPasskeySignInRequest proof;
  proof.set_challenge_id("psk_1");
  const auto answer = passkeys_handler.VerifyPasskeySignIn(StaffCall(), proof);
  REQUIRE(answer.ok());
  CHECK(answer->session_token() == "token");
  CHECK(directory.passkey_proofs == std::vector<std::string>{"psk_1"});
  CHECK(store.Get("acme", "deal-1", made->invitation.invitation_id)->state == State::kAccepted);
}

TEST_CASE_METHOD(AfterAPassword, "after a password it takes the place of the code, where asked for",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  directory.has_passkey = true;
  // By the link the password is asked for first.
  CHECK(MethodsOf(TokenOf(*made)) == std::vector<int>{identity::v1::PASSWORD});
  CHECK(ReasonOf(StartBy(TokenOf(*made))) == "PASSKEYS_NOT_ALLOWED");
  pb::SignInWithPasswordRequest request;
  request.set_token(TokenOf(*made));
  request.set_password("tin roof pebble");
  REQUIRE(by_password.Enter(request).ok());
  CHECK(directory.passwords.back().passkey_portal_url.empty());
  request.set_with_passkey(true);
  identity::v1::PasskeyChallenge challenge;
  challenge.set_challenge_id("psk_1");
  directory.password_entry = PasswordEntry(challenge);
  const auto asked = by_password.Enter(request);
  REQUIRE(asked.ok());
  CHECK(asked->passkey().challenge_id() == "psk_1");
  CHECK_FALSE(asked->has_challenge());
  CHECK_FALSE(directory.passwords.back().passkey_portal_url.empty());
  request.clear_token();
  request.set_organisation_id("acme");
  request.set_email("ada@example.com");
  REQUIRE(by_password.Enter(request).ok());
  request.set_portal_url("https://evil.example");
  CHECK(ReasonOf(by_password.Enter(request).status()) == "INVALID_REQUEST");
}

TEST_CASE("a passkey in the place of a code needs a code", "[unit]") {
  Policy policy;
  policy.set_passkeys(pb::PASSKEY_FOR_CODE);
  policy.set_password(pb::PASSWORD_ALONE);
  CHECK(ReasonOf(CheckPolicy(policy)) == "INVALID_REQUEST");
  policy.set_passkeys(pb::PASSKEY_ALONE);
  CHECK(CheckPolicy(policy).ok());
  policy.set_passkeys(pb::PASSKEY_FOR_CODE);
  policy.set_password(pb::PASSWORD_AND_SMS);
  CHECK(CheckPolicy(policy).ok());
}

}  // namespace
}  // namespace gatehouse::invitation
