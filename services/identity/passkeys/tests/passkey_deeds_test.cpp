#include "gatehouse/identity/v1/confirmations.pb.h"
#include "services/common/base/crypto.h"
#include "services/identity/confirmations_handler.h"
#include "services/identity/passkeys/tests/fixture.h"

namespace gatehouse::identity {
namespace {

struct DeedFixture : PasskeyFixture {
  ConfirmationsHandler confirmations{challenges, passkeys};

  absl::StatusOr<Passkeys::Begun> Begun(const std::string& deed_id = "deed-1") {
    return passkeys.StartDeed(Ada(""), deed_id, kPortal, call);
  }
  Passkeys::Answer Answered(const std::string& deed_id = "deed-1") {
    const auto begun = Begun(deed_id);
    INFO(begun.status().ToString());
    REQUIRE(begun.ok());
    return device.Sign(*begun, {});
  }
  std::string WhyNot(const Passkeys::Answer& answer, const std::string& deed_id = "deed-1") {
    return ReasonOf(passkeys.Confirm(answer, deed_id, call).status());
  }
};

TEST_CASE_METHOD(DeedFixture, "a deed is confirmed with a passkey, once", "[service]") {
  const Passkey registered = Register(AsAda());
  const size_t codes = messenger.codes.size();
  const auto begun = Begun();
  REQUIRE(begun.ok());
  CHECK(begun->host == "portal.acme.example");
  CHECK(begun->credential_ids == std::vector<std::string>{device.credential_id});
  const Passkeys::Answer answer = device.Sign(*begun, {});
  const auto confirmed = passkeys.Confirm(answer, "deed-1", call);
  INFO(confirmed.status().ToString());
  REQUIRE(confirmed.ok());
  CHECK(confirmed->passkey_id == registered.passkey_id);
  CHECK(confirmed->display_name == "Ada's laptop");
  CHECK(WhyNot(answer) == "CHALLENGE_EXPIRED");
  CHECK(messenger.codes.size() == codes);
  // Nobody is in by it.
  CHECK(Count("session WHERE factor_id LIKE 'psk_%'") == 0);
}

TEST_CASE_METHOD(DeedFixture, "what was begun for a deed confirms no other, and leads nobody in",
                 "[service]") {
  (void)Register(AsAda());
  const Passkeys::Answer answer = Answered();
  CHECK(WhyNot(answer, "deed-2") == "CHALLENGE_EXPIRED");
  CHECK(Why(answer) == "CHALLENGE_EXPIRED");
  // Neither has taken it.
  CHECK(WhyNot(answer).empty());
  // Nor does what was begun to sign in confirm anything.
  CHECK(WhyNot(device.Sign(Start(Ada("lnk_2")), {})) == "CHALLENGE_EXPIRED");
  const Passkeys::Answer others = Answered();
  const Call ours = call;
  call = ServiceCall("other");
  CHECK(WhyNot(others) == "CHALLENGE_EXPIRED");
  call = ours;
}

TEST_CASE_METHOD(DeedFixture, "what the passkey did not sign is refused by name", "[service]") {
  (void)Register(AsAda());
  const auto said = [&](const FakeAuthenticator::Said& what) {
    return WhyNot(device.Sign(*Begun(), what));
  };
  CHECK(said({.origin = "https://evil.example"}) == "PASSKEY_ORIGIN_WRONG");
  CHECK(said({.cross_origin = true}) == "PASSKEY_CROSS_ORIGIN");
  CHECK(said({.flags = 0x01}) == "PASSKEY_NOT_VERIFIED");
  Passkeys::Answer replayed = Answered();
  replayed.challenge_id = Begun()->challenge_id;
  CHECK(WhyNot(replayed) == "PASSKEY_CHALLENGE_WRONG");
  Passkeys::Answer forged = Answered();
  forged.assertion.signature = Answered().assertion.signature;
  CHECK(WhyNot(forged) == "PASSKEY_WRONG");
  FakeAuthenticator stranger;
  CHECK(WhyNot(stranger.Sign(*Begun(), {})) == "PASSKEY_UNKNOWN");
}

TEST_CASE_METHOD(DeedFixture, "a passkey that only a mailbox had led to confirms nothing",
                 "[service]") {
  (void)Register(AsAda());
  const Passkeys::Answer answer = Answered();
  database.Exec("UPDATE passkey SET proven_by = 'eml_1'");
  CHECK(WhyNot(answer) == "PASSKEY_UNKNOWN");
  CHECK(ReasonOf(Begun().status()) == "PASSKEY_UNKNOWN");
  // It leads in all the same, where it may.
  CHECK(EnterAlone().ok());
}

TEST_CASE_METHOD(DeedFixture, "whose phone is another one by now has no passkey", "[service]") {
  (void)Register(AsAda());
  CHECK(ReasonOf(passkeys.StartDeed(Ada("", "+61400000001"), "deed-1", kPortal, call).status()) ==
        "PASSKEY_UNKNOWN");
}

TEST_CASE_METHOD(DeedFixture, "who was locked out, reset or revoked meanwhile confirms nothing",
                 "[service]") {
  const Call as = AsAda();
  (void)Register(as);
  const FactorKey key = challenges.KeyOf(Ada(""));
  SECTION("locked") {
    const Passkeys::Answer answer = Answered();
    for (int i = 0; i < 10; ++i) REQUIRE(access.CountFailure(key).ok());
    CHECK(WhyNot(answer) == "SIGN_IN_LOCKED");
    CHECK(ReasonOf(Begun().status()) == "SIGN_IN_LOCKED");
  }
  SECTION("reset") {
    const Passkeys::Answer answer = Answered();
    database.Exec("UPDATE account SET resets = resets + 1");
    CHECK(WhyNot(answer) == "CHALLENGE_EXPIRED");
  }
  SECTION("revoked") {
    const Passkeys::Answer answer = Answered();
    REQUIRE(access.RevokeGrant("acme", "inv_1", "deal-1", {"sam", "Sam"}, StaffCall()).ok());
    CHECK_FALSE(WhyNot(answer).empty());
    CHECK_FALSE(Begun().ok());
  }
}

TEST_CASE_METHOD(DeedFixture, "a counter that went back confirms nothing, and stands in the trail",
                 "[service]") {
  (void)Register(AsAda());
  device.counter = 10;
  REQUIRE(WhyNot(Answered()).empty());
  device.counter = 4;
  CHECK(WhyNot(Answered()) == "PASSKEY_COUNTER_WENT_BACK");
  CHECK(Count("audit_event WHERE type = 'passkey.counterWentBack'") == 1);
}

TEST_CASE_METHOD(DeedFixture, "documents asks by RPC, in base64url", "[service]") {
  (void)Register(AsAda());
  pb::StartPasskeyConfirmationRequest start;
  start.set_deed_id("deed-1");
  start.set_case_id("deal-1");
  start.set_contact_id("ada");
  start.set_invitation_id("inv_1");
  start.set_mobile("+61412345678");
  start.set_portal_url(kPortal);
  const auto begun = confirmations.StartPasskeyConfirmation(call, start);
  INFO(begun.status().ToString());
  REQUIRE(begun.ok());
  CHECK(begun->options().rp_id() == "portal.acme.example");
  CHECK(begun->options().user_verification() == "required");
  REQUIRE(begun->options().allow_credentials_size() == 1);
  const Passkeys::Answer answer =
      device.Sign({.challenge_id = begun->challenge_id(),
                   .challenge = FromBase64Url(begun->options().challenge()).value(),
                   .host = begun->options().rp_id()},
                  {});
  pb::VerifyPasskeyConfirmationRequest verify;
  verify.set_challenge_id(answer.challenge_id);
  verify.set_deed_id("deed-1");
  verify.set_credential_id(Base64Url(answer.credential_id));
  verify.set_client_data_json(Base64Url(answer.assertion.client_data));
  verify.set_authenticator_data(Base64Url(answer.assertion.authenticator_data));
  verify.set_signature("?");
  CHECK(ReasonOf(confirmations.VerifyPasskeyConfirmation(call, verify).status()) ==
        "PASSKEY_MALFORMED");
  // What could not be read has taken nothing.
  verify.set_signature(Base64Url(answer.assertion.signature));
  const auto verified = confirmations.VerifyPasskeyConfirmation(call, verify);
  INFO(verified.status().ToString());
  REQUIRE(verified.ok());
  CHECK(verified->display_name() == "Ada's laptop");
}

}  // namespace
}  // namespace gatehouse::identity
