#include "services/identity/domain/email_code.h"

#include "services/identity/tests/fixture.h"

// A code by e-mail, asked for by whoever types an address: nothing says whether it is anybody's.

namespace gatehouse::identity {
namespace {

struct ByEmail : Fixture {
  Subject AdaByEmail(bool decoy = false) {
    Subject subject = Ada();
    subject.method = SignInMethod::kEmailCode;
    subject.decoy = decoy;
    if (decoy) subject.email = "eve@example.com";
    return subject;
  }
  std::string Started(const Subject& subject) {
    const auto started = challenges.Start(subject, call);
    INFO(started.status().ToString());
    REQUIRE(started.ok());
    return started->challenge_id;
  }
  void RunLater() {
    for (const auto& work : std::exchange(later, {})) work();
  }
  std::string Why(const absl::Status& status) { return ReasonOf(status); }
};

TEST_CASE_METHOD(ByEmail, "a code by e-mail enters once, and begins a session of the same account",
                 "[service]") {
  const std::string id = Started(AdaByEmail());
  CHECK(id.rfind("che_", 0) == 0);
  CHECK(messenger.codes.empty());
  RunLater();
  REQUIRE(messenger.codes.size() == 1);
  const auto entered = Verify(id, messenger.codes[0]);
  REQUIRE(entered.ok());
  CHECK(Exchange(entered->token.Reveal()).ok());
  CHECK(Why(Verify(id, messenger.codes[0], "nonce-of-another-page").status()) ==
        "CHALLENGE_EXPIRED");
  const auto by_sms = SignIn();
  REQUIRE(by_sms.ok());
  CHECK(As(entered->token.Reveal()).caller.actor_id == As(by_sms->token.Reveal()).caller.actor_id);
}

TEST_CASE_METHOD(ByEmail, "a code by e-mail ends after five minutes [EZ-30]", "[service]") {
  const std::string id = Started(AdaByEmail());
  RunLater();
  clock.ahead = absl::Minutes(5) + absl::Seconds(1);
  CHECK(Why(Verify(id, messenger.codes.at(0)).status()) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(ByEmail, "an address that is nobody's is answered as any, and sent nothing",
                 "[service]") {
  const auto real = challenges.Start(AdaByEmail(), call);
  const auto decoy = challenges.Start(AdaByEmail(true), call);
  REQUIRE((real.ok() && decoy.ok()));
  CHECK(real->challenge_id.size() == decoy->challenge_id.size());
  CHECK(absl::AbsDuration(real->expire_time - decoy->expire_time) < absl::Seconds(2));
  CHECK(absl::AbsDuration(real->resend_time - decoy->resend_time) < absl::Seconds(2));
  CHECK(later.size() == 2);
  RunLater();
  CHECK(messenger.codes.size() == 1);
  // The tries are as many, and each is answered the same.
  for (const auto& started : {real, decoy}) {
    for (int left = 4; left >= 0; --left) {
      const absl::Status wrong = Verify(started->challenge_id, Wrong()).status();
      CHECK(Why(wrong) == "CODE_WRONG");
      CHECK(FactsOf(wrong)["attemptsLeft"] == std::to_string(left));
    }
    CHECK(Why(Verify(started->challenge_id, Wrong()).status()) == "CHALLENGE_LOCKED");
    CHECK(Why(Verify(started->challenge_id, "12345").status()) == "CODE_MALFORMED");
  }
}

TEST_CASE_METHOD(ByEmail, "no code is right for a decoy", "[service]") {
  const std::string id = Started(AdaByEmail(true));
  RunLater();
  REQUIRE(email_code.Begin({.challenge_id = id}, 1, {}).ok());  // What would have been sent.
  CHECK(Why(Verify(id, messenger.codes.at(0)).status()) == "CODE_WRONG");
}

TEST_CASE_METHOD(ByEmail, "the answer does not wait for the e-mail", "[service]") {
  bool asked = false;
  messenger.meanwhile = [&] { asked = true; };
  Started(AdaByEmail());
  CHECK_FALSE(asked);
  RunLater();
  CHECK(asked);
}

TEST_CASE_METHOD(ByEmail, "what was not handed over is due for whoever asks again", "[service]") {
  const std::string id = Started(AdaByEmail());
  later.clear();  // The process died.
  CHECK(Started(AdaByEmail()) == id);
  RunLater();
  CHECK(messenger.codes.size() == 1);
  CHECK(Started(AdaByEmail()) == id);  // Within the cool-down.
  RunLater();
  CHECK(messenger.codes.size() == 1);
  messenger.answer = absl::UnavailableError("notification is away");
  clock.ahead = kCoolDown + absl::Seconds(1);
  CHECK(challenges.Resend(id, call).ok());
  RunLater();
  messenger.answer = absl::OkStatus();
  CHECK(challenges.Resend(id, call).ok());
  RunLater();
  CHECK(messenger.codes.size() == 2);
  CHECK(messenger.codes[0] == messenger.codes[1]);
}

TEST_CASE_METHOD(ByEmail, "an address has its limit of codes, a decoy's too, however it is written",
                 "[service]") {
  for (const bool decoy : {false, true}) {
    for (int i = 0; i < kCodesAnHour; ++i) {
      Subject subject = AdaByEmail(decoy);
      subject.link_id = "lnk_" + std::to_string(i);
      if (i % 2 == 1) subject.email = absl::AsciiStrToUpper(subject.email);
      REQUIRE(challenges.Start(subject, call).ok());
    }
    Subject more = AdaByEmail(decoy);
    more.link_id = "lnk_more";
    CHECK(Why(challenges.Start(more, call).status()) == "CODE_LIMIT_REACHED");
  }
  CHECK(challenges.Start(Ada(), call).ok());  // The phone has its own.
}

TEST_CASE_METHOD(ByEmail, "wrong codes lock the mailbox and not the phone, until staff act",
                 "[service]") {
  for (int round = 0; round < 2; ++round) {
    Subject subject = AdaByEmail();
    subject.link_id = "lnk_" + std::to_string(round);
    const std::string id = Started(subject);
    RunLater();
    for (int i = 0; i < kTries; ++i) (void)Verify(id, Wrong());
  }
  CHECK(Why(challenges.Start(AdaByEmail(), call).status()) == "SIGN_IN_LOCKED");
  CHECK(challenges.Start(Ada(), call).ok());
  REQUIRE(challenges.Unlock("ada", "+61412345678", "deal-1", {"sam", "Sam"}, StaffCall()).ok());
  CHECK(challenges.Start(AdaByEmail(), call).ok());
}

TEST_CASE_METHOD(ByEmail, "a mailbox enters where the phone was corrected, and not where revoked",
                 "[service]") {
  pb::RebindGrantRequest rebind;
  rebind.set_invitation_id("inv_1");
  rebind.set_case_id("deal-1");
  rebind.set_contact_id("ada");
  rebind.set_mobile("+61400000001");
  REQUIRE(access_handler.RebindGrant(call, rebind).ok());
  const std::string id = Started(AdaByEmail());
  RunLater();
  CHECK(Verify(id, messenger.codes.at(0)).ok());
  pb::RevokeGrantRequest revoke;
  revoke.set_invitation_id("inv_1");
  revoke.set_case_id("deal-1");
  REQUIRE(access_handler.RevokeGrant(call, revoke).ok());
  CHECK(Why(challenges.Start(AdaByEmail(), call).status()) == "ACCESS_REVOKED");
}

TEST_CASE_METHOD(ByEmail, "a code by SMS needs a number", "[service]") {
  pb::StartChallengeRequest request;
  request.set_method(pb::SMS_CODE);
  CHECK(Why(access_handler.StartChallenge(call, request).status()) == "INVALID_REQUEST");
}

}  // namespace
}  // namespace gatehouse::identity
