#include "services/identity/passkeys/domain/ceremony.h"

#include "gatehouse/identity/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"

namespace gatehouse::identity {

absl::Status CheckClientData(const ClientData& said, const Ceremony& ceremony) {
  if (said.type != (ceremony.creates ? "webauthn.create" : "webauthn.get")) {
    return Refuse(v1::PASSKEY_CHALLENGE_WRONG, "this was made for another ceremony: begin again");
  }
  if (!EqualInConstantTime(said.challenge, Base64Url(ceremony.challenge))) {
    return Refuse(v1::PASSKEY_CHALLENGE_WRONG, "this answers another challenge: begin again");
  }
  if (said.origin != ceremony.origin) {
    return Refuse(v1::PASSKEY_ORIGIN_WRONG, "this was made for a page of another origin");
  }
  if (said.cross_origin) {
    return Refuse(v1::PASSKEY_CROSS_ORIGIN, "this was made in a frame within another's page");
  }
  return absl::OkStatus();
}

absl::Status CheckAuthenticatorData(const AuthenticatorData& said, const Ceremony& ceremony) {
  if (said.host_hash != Sha256(ceremony.host)) {
    return Refuse(v1::PASSKEY_RELYING_PARTY_WRONG, "this passkey belongs to another host");
  }
  if (!said.is_present || !said.is_verified) {
    return Refuse(v1::PASSKEY_NOT_VERIFIED,
                  "the authenticator did not ask for a PIN, a finger or a face");
  }
  return absl::OkStatus();
}

bool CounterWentOn(uint32_t before, uint32_t now) {
  return now > before || (now == 0 && before == 0);
}

}  // namespace gatehouse::identity
