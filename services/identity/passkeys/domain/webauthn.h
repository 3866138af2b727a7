#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "services/identity/passkeys/domain/ceremony.h"

namespace gatehouse::identity {

constexpr size_t kCredentialIdMax = 1023, kClientDataMax = 4096, kAttestationMax = 64 << 10,
                 kAuthenticatorDataMax = 2048, kSignatureMax = 1024;

// As COSE numbers them, the preferred one first: what passkeys may sign with.
constexpr int kEs256 = -7, kEdDsa = -8, kRs256 = -257;
constexpr int kAlgorithms[] = {kEs256, kEdDsa, kRs256};

// The public half of a passkey.
struct PasskeyPublic {
  std::string credential_id;
  int algorithm = 0;
  std::string key;  // As libfido2 writes it.
  uint32_t counter = 0;
  bool is_backed_up = false;
};

// What an authenticator signed; bytes.
struct Assertion {
  std::string client_data, authenticator_data, signature;
};

// What a page sent after it had a passkey made. Refuses by name what is not of this ceremony, and
// PASSKEY_MALFORMED for what is too large or broken.
absl::StatusOr<PasskeyPublic> ReadRegistration(const Ceremony& ceremony,
                                               const std::string& client_data,
                                               const std::string& attestation);

// The counter of an assertion that is this passkey's, of this ceremony. Refuses as above, and
// PASSKEY_WRONG for a signature of another key.
absl::StatusOr<uint32_t> VerifyAssertion(const Ceremony& ceremony, const PasskeyPublic& passkey,
                                         const Assertion& assertion);

}  // namespace gatehouse::identity
