#include <thread>

#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/invitation/code_proto.h"
#include "services/invitation/sign_in_handler.h"
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

// Under a policy that lets an e-mailed code lead in.
struct ByEmail : Fixture {
  ByEmail() {
    Policy change;
    change.set_email_code(true);
    Set(change);
  }
  std::string Why(const std::string& token, const std::string& typed = "client@example.com") {
    return ReasonOf(sign_in.StartByEmail(token, typed).status());
  }
};

TEST_CASE_METHOD(Fixture, "an e-mailed code leads in where the policy lets it alone", "[service]") {
  const auto made = Create("c1");
  CHECK_FALSE(sign_in.Open(TokenOf(*made))->takes_email_codes);
  CHECK(ReasonOf(sign_in.StartByEmail(TokenOf(*made), "client@example.com").status()) ==
        "INVALID_REQUEST");
  CHECK(directory.codes.empty());
}

TEST_CASE_METHOD(ByEmail, "a link that has expired leads to an e-mailed code [EZ-27]",
                 "[service]") {
  const auto made = Create("c1");
  const std::string token = TokenOf(*made);
  RunOut();
  const auto opened = sign_in.Open(token);
  CHECK(opened->state == LinkState::kExpired);
  CHECK(opened->takes_email_codes);
  CHECK_FALSE(opened->takes_codes);
  CHECK((opened->masked_email.empty() && opened->masked_mobile.empty()));
  CHECK(Why(token) == "");
  REQUIRE(directory.codes.size() == 1);
  const auto asked = ToProto(directory.codes[0]);
  CHECK(asked.method() == identity::v1::EMAIL_CODE);
  CHECK(asked.email() == "client@example.com");
  CHECK_FALSE(asked.decoy());
  // The link has nothing to lose by it.
  CHECK(asked.grant().link_serves_many());
  CHECK_FALSE(asked.grant().settled());
  CHECK(ReasonOf(sign_in.Start(token).status()) == "LINK_EXPIRED");
}

TEST_CASE_METHOD(ByEmail, "only the contact's own address is sent a code [EZ-29]", "[service]") {
  const std::string token = TokenOf(*Create("c1"));
  for (const char* typed : {"client@example.com", " Client@EXAMPLE.com "}) {
    CHECK(Why(token, typed) == "");
    CHECK_FALSE(ToProto(directory.codes.back()).decoy());
    CHECK(ToProto(directory.codes.back()).email() == "client@example.com");
  }
  CHECK(Why(token, "eve@example.com") == "");
  const auto decoy = ToProto(directory.codes.back());
  CHECK(decoy.decoy());
  CHECK(decoy.email() == "eve@example.com");
}

TEST_CASE_METHOD(ByEmail, "a link that has served leads to an e-mailed code, a revoked one nowhere",
                 "[service]") {
  Policy once_only;
  once_only.set_single_use_links(true);
  Set(once_only);
  const auto made = Create("c1");
  const std::string token = TokenOf(*made);
  REQUIRE(invitations.Accept(EntryBy(*made)).ok());
  CHECK(sign_in.Open(token)->state == LinkState::kUsed);
  CHECK(sign_in.Open(token)->takes_email_codes);
  CHECK(Why(token) == "");
  CHECK(ToProto(directory.codes.back()).grant().settled());
  REQUIRE(invitations.Revoke("deal-1", made->invitation.invitation_id, StaffCall()).ok());
  CHECK_FALSE(sign_in.Open(token)->takes_email_codes);
  CHECK(Why(token) == "LINK_REVOKED");
  CHECK(Why("nonsense") == "NOT_FOUND");
}

TEST_CASE_METHOD(ByEmail, "an invitation that a newer one replaced leads nowhere", "[service]") {
  const std::string token = TokenOf(*Create("c1"));
  RunOut();
  REQUIRE(Create("c1").ok());
  CHECK_FALSE(sign_in.Open(token)->takes_email_codes);
  CHECK(Why(token) == "LINK_EXPIRED");
}

TEST_CASE_METHOD(ByEmail, "who has no number any more enters by e-mail", "[service]") {
  const auto made = Create("c1");
  directory.mirrored.contacts[1].e164.clear();
  REQUIRE(invitations.Follow("deal-1", &directory.mirrored, StaffCall()).ok());
  const auto opened = sign_in.Open(TokenOf(*made));
  CHECK_FALSE(opened->takes_codes);
  CHECK(opened->takes_email_codes);
  CHECK(Why(TokenOf(*made)) == "");
}

TEST_CASE_METHOD(ByEmail, "who asks for an e-mailed code says where to", "[service]") {
  SignInHandler handler(sign_in);
  pb::StartSignInRequest request;
  request.set_token(TokenOf(*Create("c1")));
  request.set_method(identity::v1::EMAIL_CODE);
  CHECK(ReasonOf(handler.StartSignIn(ServiceCall(), request).status()) == "INVALID_REQUEST");
  request.set_email("client@example.com");
  CHECK(handler.StartSignIn(ServiceCall(), request).ok());
  pb::OpenLinkRequest open;
  open.set_token(request.token());
  const auto opened = handler.OpenLink(ServiceCall(), open);
  REQUIRE(opened->methods_size() == 2);
  CHECK(opened->methods(1) == identity::v1::EMAIL_CODE);
}

struct Entering : Fixture {
  Entering() : made(Create("c1").value()) {}
  // What identity says of who has entered by the link.
  void LetIn(const std::string& challenge_id = "chl_1", bool settled = false) {
    Entered entered = {.entry = EntryBy(made, challenge_id), .settled = settled};
    entered.answer.set_session_token("gh_session_of_" + challenge_id);
    entered.answer.mutable_session()->set_session_id("ses_1");
    directory.entered = entered;
  }
  absl::StatusOr<pb::VerifySignInResponse> Verify(const std::string& challenge_id = "chl_1") {
    pb::VerifySignInRequest request;
    request.set_challenge_id(challenge_id);
    request.set_code("123456");
    request.set_nonce("nonce-of-the-page-1");
    request.set_session_token("gh_session_of_before");
    return handler_.VerifySignIn(ServiceCall(), request);
  }
  State Now() { return store.Get("acme", "deal-1", made.invitation.invitation_id)->state; }
  const Made made;
  SignInHandler handler_{sign_in};
};

TEST_CASE_METHOD(Entering, "who is let in is told so, and has accepted", "[service]") {
  LetIn();
  const auto entered = Verify();
  REQUIRE(entered.ok());
  CHECK(entered->session().session_id() == "ses_1");
  CHECK(entered->session_token() == "gh_session_of_chl_1");
  CHECK(Now() == State::kAccepted);
  REQUIRE(directory.proofs.size() == 1);
  CHECK(directory.proofs[0].code() == "123456");
  CHECK(directory.proofs[0].nonce() == "nonce-of-the-page-1");
  CHECK(directory.proofs[0].session_token() == "gh_session_of_before");
}

TEST_CASE_METHOD(Entering, "who is not let in has accepted nothing", "[service]") {
  directory.entered = Refuse(identity::v1::CODE_WRONG, "no");
  CHECK(ReasonOf(Verify().status()) == "CODE_WRONG");
  directory.entered = absl::UnavailableError("identity is away");
  CHECK(absl::IsUnavailable(Verify().status()));
  CHECK(Now() == State::kPending);
  CHECK(Rows("SetContactPortal") == 1);
}

TEST_CASE_METHOD(Entering, "an entry with nothing to record touches no row", "[service]") {
  LetIn("chl_1", true);
  REQUIRE(Verify().ok());
  CHECK(Now() == State::kPending);
}

TEST_CASE_METHOD(Entering, "a first entry by two challenges at once is told of once", "[service]") {
  for (int round = 0; round < 5; ++round) {
    database.Exec("UPDATE invitation SET state = 1, accept_time = NULL");
    database.Exec("DELETE FROM job");
    const Entry one = EntryBy(made, "chl_1"), other = EntryBy(made, "chl_2");
    absl::Status first, second;
    std::thread thread([&] { first = invitations.Accept(one); });
    second = invitations.Accept(other);
    thread.join();
    CHECK(first.ok());
    CHECK(second.ok());
    CHECK(Now() == State::kAccepted);
    CHECK(Rows("PublishEvent") == 1);
    CHECK(Rows("SetContactPortal") == 1);
  }
}

TEST_CASE_METHOD(Entering, "an entry takes nothing back of what staff changed meanwhile",
                 "[service]") {
  const Entry entry = EntryBy(made);
  SECTION("a revocation stays") {
    REQUIRE(invitations.Revoke("deal-1", entry.invitation_id, StaffCall()).ok());
    CHECK(invitations.Accept(entry).ok());
    CHECK(Now() == State::kRevoked);
    CHECK(Rows("PublishEvent") == 2);
  }
  SECTION("a corrected number too") {
    for (ContactProfile& contact : directory.mirrored.contacts) contact.e164 = "+447700900999";
    REQUIRE(invitations.Follow("deal-1", &directory.mirrored, ServiceCall()).ok());
    REQUIRE(invitations.Accept(entry).ok());
    const auto now = store.Get("acme", "deal-1", entry.invitation_id);
    CHECK(now->mobile == "+447700900999");
    CHECK(now->state == State::kAccepted);
  }
  SECTION("and that of another organisation or case is not found") {
    Entry stranger = entry;
    stranger.organisation_id = "other";
    CHECK(ReasonOf(invitations.Accept(stranger)) == "NOT_FOUND");
    stranger = entry;
    stranger.case_id = "deal-2";
    CHECK(ReasonOf(invitations.Accept(stranger)) == "NOT_FOUND");
    CHECK(Now() == State::kPending);
  }
}

TEST_CASE_METHOD(Entering, "a code goes to the case's owner too where the policy says so",
                 "[service]") {
  directory.mirrored.owner_email = "olive@example.com";
  REQUIRE(sign_in.Start(TokenOf(made)).ok());
  CHECK(directory.codes.back().owner_email.empty());
  Policy change;
  change.set_email_code_to_owner(true);
  Set(change);
  REQUIRE(sign_in.Start(TokenOf(made)).ok());
  CHECK(directory.codes.back().owner_email == "olive@example.com");
}

TEST_CASE_METHOD(Entering, "a resend answers as identity does", "[service]") {
  pb::ResendCodeRequest request;
  request.set_challenge_id("chl_1");
  const auto resent = handler_.ResendCode(ServiceCall(), request);
  REQUIRE(resent.ok());
  CHECK(resent->challenge_id() == "chl_1");
  CHECK(resent->expire_time().seconds() == 2);
  CHECK(resent->resend_time().seconds() == 1);
}

}  // namespace
}  // namespace gatehouse::invitation
