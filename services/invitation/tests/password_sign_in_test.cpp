#include "services/invitation/domain/password_sign_in.h"

#include "services/invitation/passwords_handler.h"
#include "services/invitation/sign_in_handler.h"
#include "services/invitation/tests/fixture.h"

namespace gatehouse::invitation {
namespace {

constexpr char kGood[] = "tin roof pebble";

struct WithPasswords : Fixture {
  explicit WithPasswords(pb::PasswordUse use = pb::PASSWORD_ALONE) {
    Policy change;
    change.set_password(use);
    Set(change);
  }
  PasswordSignIn by_password{store, directory, invitations, clock};
  PasswordsHandler passwords_handler{by_password};
  SignInHandler sign_in_handler{sign_in};

  absl::StatusOr<pb::PasswordSignIn> CreateBy(const std::string& token) {
    pb::CreatePasswordRequest request;
    request.set_token(token);
    request.set_password(kGood);
    request.set_session_token("the-cookie");
    return passwords_handler.CreatePassword(StaffCall(), request);
  }
  absl::StatusOr<pb::PasswordSignIn> EnterAt(const std::string& organisation,
                                             const std::string& email) {
    pb::SignInWithPasswordRequest request;
    request.set_organisation_id(organisation);
    request.set_email(email);
    request.set_password(kGood);
    return passwords_handler.SignInWithPassword(StaffCall(), request);
  }
  // What identity answers to who is in.
  void LetIn(const Entry& entry, bool settled = false) {
    Entered entered = {.entry = entry, .settled = settled};
    entered.answer.mutable_session()->set_session_id("ses_1");
    entered.answer.set_session_token("token");
    directory.password_entry = PasswordEntry(entered);
  }
};
struct WithBoth : WithPasswords {
  WithBoth() : WithPasswords(pb::PASSWORD_AND_SMS) {}
};

TEST_CASE_METHOD(WithPasswords, "a link leads to a password, and to no code [HB-13]", "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  pb::OpenLinkRequest open;
  open.set_token(TokenOf(*made));
  directory.standing = PasswordStanding::kElsewhere;
  const auto opened = sign_in_handler.OpenLink(StaffCall(), open);
  REQUIRE(opened.ok());
  REQUIRE(opened->methods_size() == 1);
  CHECK(opened->methods(0) == identity::v1::PASSWORD);
  CHECK(opened->password() == identity::v1::PASSWORD_ELSEWHERE);
  CHECK(opened->organisation().organisation_id() == "acme");
  CHECK(ReasonOf(sign_in.Start(TokenOf(*made)).status()) == "INVALID_REQUEST");
  pb::StartSignInRequest start;
  start.set_token(TokenOf(*made));
  start.set_method(identity::v1::PASSWORD);
  CHECK(ReasonOf(sign_in_handler.StartSignIn(StaffCall(), start).status()) == "INVALID_REQUEST");
  CHECK(directory.codes.empty());
}

TEST_CASE_METHOD(WithPasswords, "the first entry by a password accepts the invitation",
                 "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  LetIn(EntryBy(*made, "ses_1"));
  const auto entered = CreateBy(TokenOf(*made));
  REQUIRE(entered.ok());
  CHECK(entered->session_token() == "token");
  CHECK_FALSE(entered->has_challenge());
  CHECK(store.Get("acme", "deal-1", made->invitation.invitation_id)->state == State::kAccepted);
  REQUIRE(directory.passwords.size() == 1);
  CHECK(directory.passwords[0].create);
  CHECK(directory.passwords[0].session_token.Reveal() == "the-cookie");
  CHECK_FALSE(directory.passwords[0].then_sms_code);
  CHECK(directory.codes.at(0).invitation.contact_id == "c1");
}

TEST_CASE_METHOD(WithPasswords, "a link that leads nowhere takes no password", "[service]") {
  const auto made = Create("c1");
  REQUIRE(made.ok());
  RunOut();
  CHECK(ReasonOf(CreateBy(TokenOf(*made)).status()) == "LINK_EXPIRED");
  REQUIRE(invitations.Revoke("deal-1", made->invitation.invitation_id, StaffCall()).ok());
  CHECK(ReasonOf(CreateBy(TokenOf(*made)).status()) == "LINK_REVOKED");
  CHECK(ReasonOf(CreateBy("nonsense").status()) == "NOT_FOUND");
  CHECK(directory.passwords.empty());
}

TEST_CASE_METHOD(WithPasswords, "without a link an organisation and an address are asked for",
                 "[service]") {
  LetIn({}, true);
  CHECK(ReasonOf(EnterAt("", "ada@example.com").status()) == "INVALID_REQUEST");
  CHECK(ReasonOf(EnterAt("acme", "nobody").status()) == "INVALID_REQUEST");
  CHECK(ReasonOf(EnterAt("other", "ada@example.com").status()) == "INVALID_REQUEST");
  REQUIRE(EnterAt("acme", " ada@example.com ").ok());
  REQUIRE(directory.passwords.size() == 1);
  CHECK(directory.passwords[0].email == "ada@example.com");
  CHECK(directory.codes.empty());
}

TEST_CASE_METHOD(WithBoth, "a code follows where the policy says so", "[service]") {
  const auto started = EnterAt("acme", "ada@example.com");
  REQUIRE(started.ok());
  CHECK(started->challenge().challenge_id() == "chl_2");
  CHECK_FALSE(started->has_session());
  CHECK(directory.passwords.at(0).then_sms_code);
}

TEST_CASE_METHOD(WithPasswords, "a reset link leads to the portal that was asked from",
                 "[service]") {
  pb::ForgotPasswordRequest request;
  request.set_organisation_id("acme");
  request.set_email("Ada@Example.com");
  for (const auto& [asked, leads] :
       {std::pair("https://STAGING.acme.example/au/", "https://staging.acme.example/au"),
        std::pair("https://evil.example", "https://portal.acme.example"),
        std::pair("", "https://portal.acme.example")}) {
    request.set_portal_url(asked);
    REQUIRE(passwords_handler.ForgotPassword(StaffCall(), request).ok());
    CHECK(directory.forgot.back().portal_url == leads);
  }
  request.set_email("nobody");
  CHECK(ReasonOf(passwords_handler.ForgotPassword(StaffCall(), request).status()) ==
        "INVALID_REQUEST");
}

TEST_CASE_METHOD(WithBoth, "a reset token names its organisation, whose policy holds",
                 "[service]") {
  pb::ChooseNewPasswordRequest request;
  request.set_password(kGood);
  for (const char* token : {"", "secret", ".secret", "other.secret"}) {
    request.set_token(token);
    CHECK(ReasonOf(passwords_handler.ChooseNewPassword(StaffCall(), request).status()) ==
          "PASSWORD_RESET_EXPIRED");
  }
  request.set_token("acme.secret");
  REQUIRE(passwords_handler.ChooseNewPassword(StaffCall(), request).ok());
  REQUIRE(directory.chosen.size() == 1);
  CHECK(directory.chosen[0].token.Reveal() == "secret");
  CHECK(directory.chosen[0].then_sms_code);
}

TEST_CASE_METHOD(WithBoth, "who is signed in changes the password of the own account",
                 "[service]") {
  pb::ChangePasswordRequest request;
  request.set_current_password(kGood);
  request.set_password("rain on the pond");
  const Call client = ClientCall({.case_id = "deal-1"});
  REQUIRE(passwords_handler.ChangePassword(client, request).ok());
  REQUIRE(directory.changed.size() == 1);
  CHECK(directory.changed[0].account_id == "acc_1");
  CHECK(directory.changed[0].session_id == "ses_1");
  CHECK(directory.changed[0].then_sms_code);
  CHECK(directory.changed[0].organisation_name == "Acme");
}

TEST_CASE_METHOD(WithPasswords, "the create-password mail cannot be written anew", "[service]") {
  Asked asked;
  asked.case_id = "deal-1";
  asked.contact_id = "c1";
  asked.wording.subject = "Come in";
  directory.worded = absl::OkStatus();
  REQUIRE(invitations.Create(asked, StaffCall()).ok());
  // Notification judges it as a text of the fixed template.
  CHECK(directory.wordings.back().template_id == "create-password");
  directory.standing = PasswordStanding::kElsewhere;
  asked.contact_id = "c2";
  REQUIRE(invitations.Create(asked, StaffCall()).ok());
  CHECK(directory.wordings.back().template_id == "CustomerInvitationFromAnotherOffice");
}

TEST_CASE_METHOD(WithPasswords, "a portal of passwords alone needs no SMS", "[service]") {
  directory.balance = 0;
  CHECK(Create("c1").ok());
  Policy both;
  both.set_password(pb::PASSWORD_AND_SMS);
  Set(both);
  CHECK(ReasonOf(Create("c2").status()) == "INVITATION_NOT_ALLOWED");
}

TEST_CASE("settings that contradict a password are refused", "[unit]") {
  Policy policy;
  policy.set_password(pb::PASSWORD_ALONE);
  CHECK(CheckPolicy(policy).ok());
  policy.set_email_code(true);
  CHECK(ReasonOf(CheckPolicy(policy)) == "INVALID_REQUEST");
  policy.set_email_code(false);
  policy.set_send_code_with_invitation(true);
  CHECK(ReasonOf(CheckPolicy(policy)) == "INVALID_REQUEST");
  policy.set_password(pb::NO_PASSWORD);
  CHECK(CheckPolicy(policy).ok());
}

}  // namespace
}  // namespace gatehouse::invitation
