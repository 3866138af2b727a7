#include "services/identity/confirmations_handler.h"
#include "services/identity/passwords/tests/fixture.h"

namespace gatehouse::identity {
namespace {

struct ConfirmationFixture : PasswordFixture {
  SmsCode confirmation_code{messenger, Secret(RandomBytes(32)), "cnf"};
  Secret key{RandomBytes(32)};
  Challenges signing_in{store, access, {&sms_code}, key, clock, put_off};
  Challenges confirming{store, access, {&confirmation_code}, key, clock, put_off};
  ConfirmationsHandler confirmations{confirming, passkeys};

  pb::StartConfirmationRequest Starting(const std::string& deed_id = "deed-1") {
    pb::StartConfirmationRequest request;
    request.set_deed_id(deed_id);
    request.set_case_id("deal-1");
    request.set_contact_id("ada");
    request.set_invitation_id("inv_1");
    request.set_mobile("+61412345678");
    request.set_organisation_name("Acme");
    request.set_portal_host("portal.acme.example");
    request.set_purpose("The offer");
    return request;
  }
  std::string Started(const std::string& deed_id = "deed-1") {
    const auto started = confirmations.StartConfirmation(call, Starting(deed_id));
    INFO(started.status().ToString());
    REQUIRE(started.ok());
    return started->challenge_id();
  }
  absl::StatusOr<pb::VerifyConfirmationResponse> Confirmed(const std::string& id,
                                                           const std::string& code,
                                                           const std::string& deed_id = "deed-1") {
    pb::VerifyConfirmationRequest request;
    request.set_challenge_id(id);
    request.set_deed_id(deed_id);
    request.set_code(code);
    request.set_nonce("nonce-of-the-page-1");
    return confirmations.VerifyConfirmation(call, request);
  }
  std::string ReasonOfConfirmed(const std::string& id, const std::string& code,
                                const std::string& deed_id = "deed-1") {
    return ReasonOf(Confirmed(id, code, deed_id).status());
  }
};

TEST_CASE_METHOD(ConfirmationFixture, "a deed is confirmed by a fresh code, once", "[service]") {
  const std::string id = Started();
  CHECK(Started() == id);
  REQUIRE(messenger.codes.size() == 1);
  const std::string code = messenger.codes[0];
  CHECK(ReasonOfConfirmed(id, Wrong()) == "CODE_WRONG");
  CHECK(ReasonOfConfirmed(id, "12") == "CODE_MALFORMED");
  const auto confirmed = Confirmed(id, code);
  REQUIRE(confirmed.ok());
  CHECK(confirmed->masked_mobile() == "•••• ••5 678");
  // A submit that is repeated is the same one, for half a minute.
  CHECK(Confirmed(id, code).ok());
  clock.ahead = absl::Seconds(31);
  CHECK(ReasonOfConfirmed(id, code) == "CHALLENGE_EXPIRED");
  CHECK(database.Exec("SELECT count(*) FROM session")[0][0].as<int>() == 0);
}

TEST_CASE_METHOD(ConfirmationFixture, "a code confirms no other deed, and for nobody else",
                 "[service]") {
  const std::string id = Started();
  const std::string code = messenger.codes[0];
  CHECK(ReasonOfConfirmed(id, code, "deed-2") == "CHALLENGE_EXPIRED");
  const Call ours = call;
  call = ServiceCall("other");
  CHECK(ReasonOfConfirmed(id, code) == "CHALLENGE_EXPIRED");
  call = ours;
  // Neither cost an attempt, nor consumed it.
  CHECK(Confirmed(id, code).ok());
  CHECK(Started("deed-2") != id);
}

TEST_CASE_METHOD(ConfirmationFixture, "what signs does not sign in, nor the other way",
                 "[service]") {
  const std::string id = Started();
  const std::string code = messenger.codes[0];
  CHECK(ReasonOf(signing_in.Verify(id, code, "", Secret(), call).status()) == "CHALLENGE_EXPIRED");
  const auto sign_in = signing_in.Start(Ada("deed-1"), call);
  REQUIRE(sign_in.ok());
  CHECK(ReasonOfConfirmed(sign_in->challenge_id, messenger.codes.back()) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(ConfirmationFixture, "wrong codes lock the phone for both", "[service]") {
  for (int deed = 0; deed < 2; ++deed) {
    const std::string id = Started("deed-" + std::to_string(deed));
    for (int i = 0; i < 5; ++i) {
      (void)Confirmed(id, Wrong(), "deed-" + std::to_string(deed));
    }
  }
  CHECK(ReasonOf(confirmations.StartConfirmation(call, Starting("deed-3")).status()) ==
        "SIGN_IN_LOCKED");
  CHECK(ReasonOf(signing_in.Start(Ada(), call).status()) == "SIGN_IN_LOCKED");
}

TEST_CASE_METHOD(ConfirmationFixture, "who locked itself out meanwhile confirms nothing",
                 "[service]") {
  const std::string id = Started();
  const std::string code = messenger.codes[0];
  for (int i = 0; i < 10; ++i) {
    REQUIRE(access.CountFailure(confirming.KeyOf("acme", "ada", "+61412345678")).ok());
  }
  CHECK(ReasonOfConfirmed(id, code) == "SIGN_IN_LOCKED");
}

TEST_CASE_METHOD(ConfirmationFixture, "a code from before staff reset the phone confirms nothing",
                 "[service]") {
  const std::string id = Started();
  const std::string code = messenger.codes[0];
  const FactorKey key = confirming.KeyOf("acme", "ada", "+61412345678");
  database.Exec(
      "INSERT INTO account (organisation_id, account_id, email, resets) VALUES ('acme', '" +
      key.account_id + "', '', 1)");
  CHECK(ReasonOfConfirmed(id, code) == "CHALLENGE_EXPIRED");
  const std::string second = Started("deed-2");
  CHECK(Confirmed(second, messenger.codes.back(), "deed-2").ok());
}

}  // namespace
}  // namespace gatehouse::identity
