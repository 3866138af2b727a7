#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"
#include "services/common/base/secret.h"

namespace gatehouse::identity {

// An API key is `gh_live_<id>_<secret>`, a staff token `gh_staff_<id>_<secret>`: the prefix lets
// secret scanners find them, the id finds the row, and only the secret's SHA-256 is kept. The id
// has no underscore.
enum class KeyKind { kApiKey, kStaffToken };

struct ParsedKey {
  KeyKind kind;
  std::string id;
  std::string hash;  // Of the secret.
};

// Nothing for anything else.
std::optional<ParsedKey> ParseKey(const std::string& text);

struct NewKey {
  std::string id;
  std::string hash;
  Secret text;
};
// The secret is derived from the id, so that a repeated request can be given the same key.
NewKey MakeKey(KeyKind kind, const std::string& id, const Secret& derivation_key);
std::string NewKeyId(KeyKind kind);

// Whether text may be a session's token: 43 characters of base64url.
bool IsSessionToken(const std::string& text);

// Refuses SCOPE_NOT_HELD unless the caller holds every scope that it wants to give away.
absl::Status CheckScopes(const Caller& caller, const std::vector<std::string>& wanted);

// A credential that was found good, and what it stands for.
struct Credential {
  Caller caller;
  absl::Time expires_at = absl::InfiniteFuture();  // The credential's own end, as known now.
};

}  // namespace gatehouse::identity
