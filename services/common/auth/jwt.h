#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gatehouse/identity/v1/principals.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/secret.h"

namespace gatehouse {

// Principal tokens: JWTs (RFC 7519) signed with Ed25519 (RFC 8037), and nothing else: `alg` must be
// exactly EdDSA, `iss` and `aud` "gatehouse", and the key known.

// An Ed25519 key pair (RFC 8032): the public key of 32 bytes, the private one in the 64 bytes of
// libsodium (seed and public key).
struct SigningKeyPair {
  std::string key_id;
  Secret private_key;
  std::string public_key;
};
SigningKeyPair NewSigningKey(const std::string& key_id);

std::string SignPrincipal(const SigningKeyPair& key, const identity::v1::Principal& principal,
                          absl::Time now, absl::Time expires_at);

// The `kid` of a token that has the shape of one; empty for anything else. Proves nothing.
std::string KeyIdOf(const std::string& token);

// When such a token says that it was made, in whole seconds; the infinite future where it says
// nothing. Proves nothing.
absl::Time IssuedAtOf(const std::string& token);

struct VerifiedPrincipal {
  identity::v1::Principal principal;
  absl::Time expires_at;
};
// Refuses CREDENTIAL_INVALID, whatever is wrong. UNAVAILABLE where the token is identity's own, and
// only past its time: that says nothing about the credential that it was given for.
absl::StatusOr<VerifiedPrincipal> VerifyPrincipal(const std::string& token,
                                                  const std::string& public_key, absl::Time now);

Caller ToCaller(const identity::v1::Principal& principal);

}  // namespace gatehouse
