#include "services/identity/passkeys/domain/passkeys.h"

#include <thread>

#include "services/identity/passkeys/passkeys_handler.h"
#include "services/identity/passkeys/tests/fixture.h"

namespace gatehouse::identity {
namespace {

TEST_CASE_METHOD(PasskeyFixture, "a signed-in client registers a passkey, and enters by it alone",
                 "[service]") {
  const Call as = AsAda();
  const Passkey added = Register(as);
  CHECK(added.host == "portal.acme.example");
  CHECK_FALSE(added.last_use_time.has_value());
  const auto entered = EnterAlone();
  INFO(entered.status().ToString());
  REQUIRE(entered.ok());
  CHECK(entered->session.case_ids == std::vector<std::string>{"deal-1"});
  CHECK(entered->subject.settled);
  const Call again = As(entered->token.Reveal());
  CHECK(again.caller.actor_id == as.caller.actor_id);
  const auto listed = passkey_store.List("acme", as.caller.actor_id);
  REQUIRE(listed->size() == 1);
  CHECK((*listed)[0].display_name == "Ada's laptop");
  CHECK((*listed)[0].last_use_time.has_value());
}

TEST_CASE_METHOD(PasskeyFixture, "who comes by a link proves by a passkey what a code would",
                 "[service]") {
  (void)Register(AsAda());
  const auto begun = Start(Ada("lnk_2"));
  REQUIRE(begun.credential_ids == std::vector<std::string>{device.credential_id});
  Passkeys::Answer answer = device.Sign(begun, {});
  answer.user_handle.clear();  // The client is named already.
  const auto entered = passkeys.Enter(answer, call);
  INFO(entered.status().ToString());
  REQUIRE(entered.ok());
  CHECK(entered->subject.link_id == "lnk_2");
  CHECK(messenger.codes.size() == 1);  // That of the first sign-in.
}

TEST_CASE_METHOD(PasskeyFixture, "alone it enters all of the client's cases", "[service]") {
  (void)Register(AsAda());
  clock.ahead += absl::Minutes(11);
  Subject other = Ada("lnk_b");
  other.access.case_id = "deal-2";
  other.access.invitation_id = "inv_2";
  const auto started = challenges.Start(other, call);
  REQUIRE(started.ok());
  REQUIRE(Verify(started->challenge_id, messenger.codes.back()).ok());
  const auto entered = EnterAlone();
  REQUIRE(entered.ok());
  CHECK(As(entered->token.Reveal()).caller.cases.size() == 2);
}

TEST_CASE_METHOD(PasskeyFixture, "a challenge serves once, whatever comes of it", "[service]") {
  (void)Register(AsAda());
  const auto begun = Start();
  const Passkeys::Answer answer = device.Sign(begun, {});
  REQUIRE(passkeys.Enter(answer, call).ok());
  CHECK(Why(answer) == "CHALLENGE_EXPIRED");
  const auto refused = Start();
  CHECK(Why(device.Sign(refused, {.flags = 0x01})) == "PASSKEY_NOT_VERIFIED");
  CHECK(Why(device.Sign(refused, {})) == "CHALLENGE_EXPIRED");
  // What was signed for one says nothing about another.
  Passkeys::Answer replayed = device.Sign(Start(), {});
  replayed.challenge_id = Start().challenge_id;
  CHECK(Why(replayed) == "PASSKEY_CHALLENGE_WRONG");
  CHECK(Why(device.Sign({.challenge_id = "psk_unknown"}, {})) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(PasskeyFixture, "what is not of this portal's page is refused by name",
                 "[service]") {
  (void)Register(AsAda());
  CHECK(Why(device.Sign(Start(), {.origin = "https://evil.example"})) == "PASSKEY_ORIGIN_WRONG");
  CHECK(Why(device.Sign(Start(), {.cross_origin = true})) == "PASSKEY_CROSS_ORIGIN");
  CHECK(Why(device.Sign(Start(), {.host = "acme.example"})) == "PASSKEY_RELYING_PARTY_WRONG");
  CHECK(Why(device.Sign(Start(), {.flags = 0x04})) == "PASSKEY_NOT_VERIFIED");
  Passkeys::Answer forged = device.Sign(Start(), {});
  forged.assertion.signature = device.Sign(Start(), {}).assertion.signature;
  CHECK(Why(forged) == "PASSKEY_WRONG");
  FakeAuthenticator stranger;
  CHECK(Why(stranger.Sign(Start(), {})) == "PASSKEY_UNKNOWN");
  // The credential is Ada's, and the authenticator says that it is another's.
  Passkeys::Answer misnamed = device.Sign(Start(), {});
  misnamed.user_handle = "somebody";
  CHECK(Why(misnamed) == "PASSKEY_UNKNOWN");
  misnamed = device.Sign(Start(), {});
  misnamed.user_handle.clear();
  CHECK(Why(misnamed) == "PASSKEY_UNKNOWN");
}

TEST_CASE_METHOD(PasskeyFixture, "a passkey belongs to one host of several [HB-14]", "[service]") {
  const Call as = AsAda();
  (void)Register(as);
  const std::string second = "https://portal.acme.example.nz/portal";
  const auto at_second = passkeys.Start(std::nullopt, second, call);
  REQUIRE(at_second.ok());
  CHECK(at_second->host == "portal.acme.example.nz");
  CHECK(Why(device.Sign(*at_second, {.origin = "https://portal.acme.example.nz",
                                     .host = "portal.acme.example.nz"})) == "PASSKEY_UNKNOWN");
  CHECK(ReasonOf(passkeys.Start(Ada(), second, call).status()) == "PASSKEY_UNKNOWN");
  // There the client has one of its own.
  const auto begun = Begin(as, second);
  REQUIRE(begun.ok());
  CHECK(begun->credential_ids.empty());
  FakeAuthenticator there;
  const FakeAuthenticator::Said said = {.origin = "https://portal.acme.example.nz",
                                        .host = "portal.acme.example.nz"};
  const auto made = there.Create(*begun, said);
  REQUIRE(passkeys.Add(begun->challenge_id, made.client_data, made.attestation, "", as).ok());
  const auto again = passkeys.Start(std::nullopt, second, call);
  CHECK(passkeys.Enter(there.Sign(*again, said), call).ok());
}

TEST_CASE_METHOD(PasskeyFixture, "a counter that went back is refused, and stands in the trail",
                 "[service]") {
  (void)Register(AsAda());
  device.counter = 10;
  REQUIRE(EnterAlone().ok());
  device.counter = 4;
  CHECK(Why(device.Sign(Start(), {})) == "PASSKEY_COUNTER_WENT_BACK");
  CHECK(Count("audit_event WHERE type = 'passkey.counterWentBack'") == 1);
  CHECK(Count("session WHERE factor_id LIKE 'psk_%'") == 1);
}

TEST_CASE_METHOD(PasskeyFixture, "of two uses with one counter at once, one enters", "[service]") {
  (void)Register(AsAda());
  const Passkeys::Answer one = device.Sign(Start(), {});
  --device.counter;  // A copy counts as the first one did.
  const Passkeys::Answer other = device.Sign(Start(), {});
  std::string why_one, why_other;
  std::thread first([&] { why_one = Why(one); });
  std::thread second([&] { why_other = Why(other); });
  first.join();
  second.join();
  CHECK(why_one + why_other == "PASSKEY_COUNTER_WENT_BACK");
}

TEST_CASE_METHOD(PasskeyFixture, "an authenticator that does not count may be used", "[service]") {
  device.counter = 0;
  (void)Register(AsAda());
  CHECK(EnterAlone().ok());
  CHECK(EnterAlone().ok());
}

TEST_CASE_METHOD(PasskeyFixture, "a passkey removed in the moment of its use enters nothing",
                 "[service]") {
  const Call as = AsAda();
  const Passkey added = Register(as);
  const Passkeys::Answer answer = device.Sign(Start(), {});
  REQUIRE(passkey_store.Remove(added.passkey_id, as).ok());
  CHECK(Why(answer) == "PASSKEY_UNKNOWN");
}

TEST_CASE_METHOD(PasskeyFixture, "who asks for too many ceremonies waits", "[service]") {
  absl::Status last;
  for (int i = 0; i <= kCeremoniesAMinute; ++i) {
    last = passkeys.Start(std::nullopt, kPortal, call).status();
  }
  CHECK(ReasonOf(last) == "PASSKEY_LIMIT_REACHED");
}

TEST_CASE_METHOD(PasskeyFixture, "a revoked access is none for a passkey either", "[service]") {
  const Call as = AsAda();
  (void)Register(as);
  const auto by_link = Start(Ada("lnk_2"));
  const Passkeys::Answer answer = device.Sign(by_link, {}), alone = device.Sign(Start(), {});
  REQUIRE(access.RevokeGrant("acme", "inv_1", "deal-1", {"sam", "Sam"}, StaffCall()).ok());
  CHECK(Why(answer) == "PASSKEY_UNKNOWN");  // It went with the last access.
  CHECK(Why(alone) == "PASSKEY_UNKNOWN");
  CHECK(Count("passkey") == 0);
}

TEST_CASE_METHOD(PasskeyFixture, "a corrected number has no passkey, and the old one's enters none",
                 "[service]") {
  (void)Register(AsAda());
  const FactorKey corrected = challenges.KeyOf("acme", "ada", "+61400000001");
  REQUIRE(
      access.RebindGrant("acme", Ada().access, corrected.factor_id, "Sam Staff", StaffCall()).ok());
  CHECK(Why(device.Sign(Start(), {})) == "ACCESS_REVOKED");
  CHECK(ReasonOf(passkeys.Start(Ada("lnk_2", "+61400000001"), kPortal, call).status()) ==
        "PASSKEY_UNKNOWN");
}

TEST_CASE_METHOD(PasskeyFixture, "a corrected address takes passkeys that no phone has proven",
                 "[service]") {
  (void)Register(AsAda());
  const auto correct = [&](const std::string& email) {
    Subject subject = Ada();
    subject.email = email;
    REQUIRE(passwords.RebindAddress(subject, "Sam Staff", StaffCall()).ok());
  };
  correct("ada@other.example");
  const auto kept = EnterAlone();
  INFO(kept.status().ToString());
  REQUIRE(kept.ok());
  // The account keeps the address that was corrected.
  CHECK(database.Exec("SELECT email FROM account")[0][0].as<std::string>() == "ada@other.example");
  database.Exec("UPDATE passkey SET proven_by = 'pwd_1'");
  correct("ada@third.example");
  CHECK(Count("passkey") == 0);
}

TEST_CASE_METHOD(PasskeyFixture, "a passkey follows a password in the place of a code",
                 "[service]") {
  const auto created = Create(Ada(), kGood);
  (void)Register(As(TokenOf(created)));
  const auto asked = Attempted({.organisation_id = "acme",
                                .email = "ada@example.com",
                                .password = kGood,
                                .then_sms_code = true,
                                .passkey_portal_url = kPortal});
  INFO(asked.status().ToString());
  REQUIRE(asked.ok());
  REQUIRE(std::holds_alternative<Passkeys::Begun>(*asked));
  CHECK(messenger.codes.empty());
  const auto entered = passkeys.Enter(device.Sign(std::get<Passkeys::Begun>(*asked), {}), call);
  INFO(entered.status().ToString());
  REQUIRE(entered.ok());
  CHECK(entered->session.case_ids == std::vector<std::string>{"deal-1"});
  // Where there is none at the portal, a code is sent.
  const auto elsewhere = Attempted({.organisation_id = "acme",
                                    .email = "ada@example.com",
                                    .password = kGood,
                                    .then_sms_code = true,
                                    .passkey_portal_url = "https://other.acme.example"});
  REQUIRE(elsewhere.ok());
  CHECK(std::holds_alternative<Challenge>(*elsewhere));
  CHECK(messenger.codes.size() == 1);
}

TEST_CASE_METHOD(PasskeyFixture, "a password that is changed ends what a passkey was to finish",
                 "[service]") {
  const auto created = Create(Ada(), kGood);
  (void)Register(As(TokenOf(created)));
  const auto asked = Attempted({.organisation_id = "acme",
                                .email = "ada@example.com",
                                .password = kGood,
                                .then_sms_code = true,
                                .passkey_portal_url = kPortal});
  REQUIRE(asked.ok());
  REQUIRE(Reset(ResetToken(), kOther).ok());
  CHECK(Why(device.Sign(std::get<Passkeys::Begun>(*asked), {})) == "PASSWORD_WRONG");
}

}  // namespace
}  // namespace gatehouse::identity
