#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/caller.h"
#include "services/common/client.h"
#include "services/common/secret.h"

namespace gatehouse {

// What a credential was exchanged for: the principal token (a JWT signed by identity with EdDSA)
// and what it says.
struct Principal {
  Caller caller;
  std::string token;
};

// Turns what a caller brought into a principal, with a cache. Credentials are an operator key, an
// API key, a staff token, a session token, or a principal token itself. Thread-safe.
//
// A revocation ("gatehouse:revoked" in Redis, one id a message: a session's, an API key's or a
// staff token's) empties what the cache holds of it at once. An entry lives 60 seconds at most, so
// a lost message costs no more; a lost connection to Redis empties the cache.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // Refuses UNAUTHENTICATED with CREDENTIAL_INVALID; blocks when identity must be asked.
  virtual absl::StatusOr<Principal> Authenticate(const Secret& credential) = 0;
  // The same from the cache alone: null where identity would have to be asked.
  virtual std::shared_ptr<const Principal> Cached(const Secret& credential) = 0;
};

// Exchanges by identity's Principals/ExchangeCredential, and verifies principal tokens locally
// with the keys of Principals/ListSigningKeys, fetched when an unknown `kid` turns up.
std::unique_ptr<Authenticator> MakeAuthenticator(Client& identity, const Secret& redis_url);

}  // namespace gatehouse
