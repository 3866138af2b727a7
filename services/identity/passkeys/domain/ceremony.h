#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace gatehouse::identity {

// A ceremony of Web Authentication: what the page was told, and so what an authenticator's answer
// must say.
struct Ceremony {
  bool creates = false;   // A passkey; otherwise it signs in with one.
  std::string challenge;  // Its bytes.
  std::string origin;     // Of the portal's pages.
  std::string host;       // The portal's, which is the relying party.
};

// What a browser says of a ceremony (CollectedClientData), which the authenticator signs along.
struct ClientData {
  std::string type;
  std::string challenge;  // As base64url.
  std::string origin;
  bool cross_origin = false;
};

// What an authenticator says of one: the fixed part of its data.
struct AuthenticatorData {
  std::string host_hash;  // SHA-256.
  bool is_present = false, is_verified = false, is_backed_up = false;
  bool has_credential = false, has_extensions = false;
  uint32_t counter = 0;
};

// Refuse by name what is not of this ceremony.
absl::Status CheckClientData(const ClientData& said, const Ceremony& ceremony);
absl::Status CheckAuthenticatorData(const AuthenticatorData& said, const Ceremony& ceremony);

// Whether a counter says that the authenticator is no copy, as far as it counts: many say 0 always.
bool CounterWentOn(uint32_t before, uint32_t now);

}  // namespace gatehouse::identity
