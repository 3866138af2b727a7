#pragma once

#include "services/identity/passkeys/passkeys_handler.h"
#include "services/identity/passkeys/tests/authenticator.h"
#include "services/identity/passwords/tests/fixture.h"

namespace gatehouse::identity {

constexpr char kPortal[] = "https://portal.acme.example/au";

struct PasskeyFixture : PasswordFixture {
  FakeAuthenticator device;
  PasskeysHandler passkeys_handler{passkeys, passkey_store, redis};

  // Ada, signed in by a code.
  Call AsAda() {
    const auto entered = SignIn();
    INFO(entered.status().ToString());
    REQUIRE(entered.ok());
    return As(entered->token.Reveal());
  }
  absl::StatusOr<Passkeys::Begun> Begin(const Call& as, const std::string& portal = kPortal) {
    return passkeys.Begin({.account_id = as.caller.actor_id,
                           .session_id = as.caller.credential_id,
                           .contacts = {Ada("", "+61400000009"), Ada("")}},
                          portal, as);
  }
  absl::StatusOr<Passkeys::Added> Add(const Call& as, FakeAuthenticator& by,
                                      const FakeAuthenticator::Said& said = {}) {
    const auto begun = Begin(as);
    if (!begun.ok()) return begun.status();
    const auto made = by.Create(*begun, said);
    return passkeys.Add(begun->challenge_id, made.client_data, made.attestation, "Ada's laptop",
                        as);
  }
  Passkey Register(const Call& as) {
    const auto added = Add(as, device);
    INFO(added.status().ToString());
    REQUIRE(added.ok());
    return added->passkey;
  }
  Passkeys::Begun Start(const std::optional<Subject>& subject = std::nullopt) {
    Call from = call;
    from.client_address = "";  // Of limits there is a test of its own.
    const auto begun = passkeys.Start(subject, kPortal, from);
    INFO(begun.status().ToString());
    REQUIRE(begun.ok());
    return *begun;
  }
  absl::StatusOr<Challenges::Entered> EnterAlone() {
    return passkeys.Enter(device.Sign(Start(), {}), call);
  }
  std::string Why(const Passkeys::Answer& answer) {
    return ReasonOf(passkeys.Enter(answer, call).status());
  }
  using PasswordFixture::Why;
  std::string Noticed() {
    return database
        .Exec(
            "SELECT coalesce(string_agg(kind, ' ' ORDER BY number), '') FROM job "
            "WHERE lane = 'notice'")[0][0]
        .c_str();
  }
};

}  // namespace gatehouse::identity
