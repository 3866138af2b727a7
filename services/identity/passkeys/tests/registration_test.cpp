#include "services/identity/passkeys/tests/fixture.h"
#include "services/identity/recovery/domain/recovery.h"
#include "services/identity/recovery/store/postgres_recovery.h"

// What a signed-in client does with the own passkeys, and what staff's reset does to them.

namespace gatehouse::identity {
namespace {

TEST_CASE_METHOD(PasskeyFixture, "the options name the client, the host and what is taken",
                 "[service]") {
  const Call as = AsAda();
  v1::BeginPasskeyRequest request;
  request.set_account_id(as.caller.actor_id);
  request.set_session_id(as.caller.credential_id);
  request.set_portal_url(kPortal);
  request.set_organisation_name("Acme");
  v1::PasskeyHolder& holder = *request.add_holders();
  holder.set_contact_id("ada");
  holder.set_mobile("+61412345678");
  holder.set_email("ada@example.com");
  holder.set_contact_name("Ada");
  const auto creation = passkeys_handler.BeginPasskey(call, request);
  INFO(creation.status().ToString());
  REQUIRE(creation.ok());
  const v1::PasskeyCreationOptions& options = creation->options();
  CHECK(options.rp().id() == "portal.acme.example");
  CHECK(options.rp().name() == "Acme");
  CHECK(options.user().name() == "ada@example.com");
  CHECK(FromBase64Url(options.user().id())->size() == 32);
  CHECK(FromBase64Url(options.challenge())->size() == 32);
  REQUIRE(options.pub_key_cred_params_size() == 3);
  CHECK(options.pub_key_cred_params(0).alg() == -7);
  CHECK(options.pub_key_cred_params(1).alg() == -8);
  CHECK(options.pub_key_cred_params(2).alg() == -257);
  CHECK(options.authenticator_selection().user_verification() == "required");
  CHECK(options.attestation() == "none");
  // Nobody else's contact makes one for this account.
  request.mutable_holders(0)->set_contact_id("bob");
  CHECK(ReasonOf(passkeys_handler.BeginPasskey(call, request).status()) == "CREDENTIAL_INVALID");
}

TEST_CASE_METHOD(PasskeyFixture, "a passkey is registered soon after a sign-in, in its session",
                 "[service]") {
  const Call as = AsAda();
  const auto begun = Begin(as);
  REQUIRE(begun.ok());
  const auto made = device.Create(*begun, {});
  Call other = as;
  other.caller.credential_id = "ses_other";
  CHECK(ReasonOf(passkeys.Add(begun->challenge_id, made.client_data, made.attestation, "", other)
                     .status()) == "CHALLENGE_EXPIRED");
  database.Exec("UPDATE session SET create_time = create_time - interval '601 s'");
  CHECK(ReasonOf(Begin(as).status()) == "SIGN_IN_TOO_OLD");
  CHECK(Count("passkey") == 0);
  CHECK(Noticed().empty());
}

TEST_CASE_METHOD(PasskeyFixture, "what a page may not have made is refused by name", "[service]") {
  const Call as = AsAda();
  const auto why = [&](const FakeAuthenticator::Said& said) {
    return ReasonOf(Add(as, device, said).status());
  };
  CHECK(why({.origin = "https://evil.example"}) == "PASSKEY_ORIGIN_WRONG");
  CHECK(why({.host = "evil.example"}) == "PASSKEY_RELYING_PARTY_WRONG");
  CHECK(why({.flags = 0x01}) == "PASSKEY_NOT_VERIFIED");
  CHECK(why({.cross_origin = true}) == "PASSKEY_CROSS_ORIGIN");
  // What was begun to register one signs nobody in, nor the other way about.
  const auto begun = Begin(as);
  CHECK(Why(device.Sign(*begun, {})) == "CHALLENGE_EXPIRED");
  const auto started = Start();
  const auto made = device.Create(started, {});
  CHECK(ReasonOf(passkeys.Add(started.challenge_id, made.client_data, made.attestation, "", as)
                     .status()) == "CHALLENGE_EXPIRED");
  CHECK(Count("passkey") == 0);
}

TEST_CASE_METHOD(PasskeyFixture, "a passkey is known once, and a client has ten", "[service]") {
  const Call as = AsAda();
  (void)Register(as);
  CHECK(ReasonOf(Add(as, device).status()) == "PASSKEY_EXISTS");
  const auto begun = Begin(as);  // The eleventh is begun beside the tenth.
  FakeAuthenticator last;
  const auto made = last.Create(*begun, {});
  for (int i = 1; i < kPasskeysMax; ++i) {
    FakeAuthenticator another;
    REQUIRE(Add(as, another).ok());
  }
  CHECK(ReasonOf(passkeys.Add(begun->challenge_id, made.client_data, made.attestation, "", as)
                     .status()) == "TOO_MANY_PASSKEYS");
  const absl::Status refused = Begin(as).status();
  CHECK(ReasonOf(refused) == "TOO_MANY_PASSKEYS");
  CHECK(FactsOf(refused).at("most") == "10");
  CHECK(Count("passkey") == kPasskeysMax);
}

TEST_CASE_METHOD(PasskeyFixture,
                 "each that is added or removed is told, noted, and ends the others", "[service]") {
  const auto elsewhere = SignIn();
  REQUIRE(elsewhere.ok());
  clock.ahead += absl::Minutes(11);
  const Call as = AsAda();
  const auto added = Add(as, device);
  REQUIRE(added.ok());
  CHECK(added->ended_sessions == std::vector<std::string>{elsewhere->session.session_id});
  CHECK_FALSE(Exchange(elsewhere->token.Reveal()).ok());
  const auto entered = EnterAlone();
  REQUIRE(entered.ok());
  v1::DeletePasskeyRequest remove;
  remove.set_passkey_id(added->passkey.passkey_id);
  REQUIRE(passkeys_handler.DeletePasskey(as, remove).ok());
  CHECK_FALSE(Exchange(entered->token.Reveal()).ok());
  CHECK(ReasonOf(passkeys_handler.DeletePasskey(as, remove).status()) == "NOT_FOUND");
  CHECK(Noticed() == "factor.notice factor.notice");
  CHECK(Count("audit_event WHERE type = 'passkey.added' AND actor_name = 'Ada'") == 1);
  CHECK(Count("audit_event WHERE type = 'passkey.removed'") == 1);
}

TEST_CASE_METHOD(PasskeyFixture, "passkeys are one account's alone", "[service]") {
  const Passkey added = Register(AsAda());
  Subject bob = Ada("lnk_bob", "+61400000002");
  bob.access.contact_id = "bob";
  bob.access.invitation_id = "inv_bob";
  const auto started = challenges.Start(bob, call);
  REQUIRE(started.ok());
  const auto entered = Verify(started->challenge_id, messenger.codes.back());
  REQUIRE(entered.ok());
  const Call as_bob = As(entered->token.Reveal());
  CHECK(passkeys_handler.ListPasskeys(as_bob, {})->passkeys_size() == 0);
  v1::RenamePasskeyRequest rename;
  rename.set_passkey_id(added.passkey_id);
  rename.set_display_name("Bob's");
  CHECK(ReasonOf(passkeys_handler.RenamePasskey(as_bob, rename).status()) == "NOT_FOUND");
  v1::DeletePasskeyRequest remove;
  remove.set_passkey_id(added.passkey_id);
  CHECK(ReasonOf(passkeys_handler.DeletePasskey(as_bob, remove).status()) == "NOT_FOUND");
  // By his link her passkey is none.
  CHECK(ReasonOf(passkeys.Start(bob, kPortal, call).status()) == "PASSKEY_UNKNOWN");
}

TEST_CASE_METHOD(PasskeyFixture, "a passkey is renamed", "[service]") {
  const Call as = AsAda();
  const Passkey added = Register(as);
  v1::RenamePasskeyRequest rename;
  rename.set_passkey_id(added.passkey_id);
  rename.set_display_name("  The phone ");
  const auto renamed = passkeys_handler.RenamePasskey(as, rename);
  REQUIRE(renamed.ok());
  CHECK(renamed->display_name() == "The phone");
  CHECK(renamed->host() == "portal.acme.example");
}

TEST_CASE_METHOD(PasskeyFixture, "staff's reset takes passkeys, and what was begun with them",
                 "[service]") {
  const Call as = AsAda();
  (void)Register(as);
  const auto begun = Begin(as);
  REQUIRE(begun.ok());
  const Passkeys::Answer answer = device.Sign(Start(), {});
  PostgresRecoveryStore recovery_store{database.postgres(), jobs};
  Recovery recovery{recovery_store, access, challenges, Secret(RandomBytes(32)), clock};
  REQUIRE(recovery.ResetFactors(Ada(), {"sam", "Sam Staff"}, StaffCall()).ok());
  CHECK(Count("passkey") == 0);
  CHECK(Why(answer) == "PASSKEY_UNKNOWN");
  FakeAuthenticator another;
  const auto made = another.Create(*begun, {});
  CHECK(ReasonOf(passkeys.Add(begun->challenge_id, made.client_data, made.attestation, "", as)
                     .status()) == "CHALLENGE_EXPIRED");
}

TEST_CASE_METHOD(PasskeyFixture, "another organisation knows none of them", "[service]") {
  (void)Register(AsAda());
  REQUIRE(CreateAcme("", "other").ok());
  const auto begun = passkeys.Start(std::nullopt, kPortal, ServiceCall("other"));
  REQUIRE(begun.ok());
  CHECK(Why(device.Sign(*begun, {})) == "PASSKEY_UNKNOWN");
}

}  // namespace
}  // namespace gatehouse::identity
