#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/common/base/caller.h"
#include "services/common/base/secret.h"

namespace gatehouse::identity {

// An API key is `gh_live_<id>_<secret>`, a staff token `gh_staff_<id>_<secret>`, a session's token
// `gh_session_<secret>`: the prefix says what it is, and lets secret scanners find it, the id finds
// the row, and only the secret's SHA-256 is kept. The id has no underscore.
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
// The secret is derived from the id and how often it was rotated, so that a repeated request can be
// given the same key.
NewKey MakeKey(KeyKind kind, const std::string& id, const Secret& derivation_key,
               int64_t generation = 0);
std::string NewKeyId(KeyKind kind);

// A session's token of 32 bytes.
Secret SessionToken(const std::string& bytes);

// Whether text may be a session's token. Those of before November 2026 have no prefix: 43
// characters of base64url, which is what anything may look like, so whoever asks rules all else out
// first.
bool IsSessionToken(const std::string& text);

// A credential that was found good, and what it stands for.
struct Credential {
  Caller caller;
  absl::Time expires_at = absl::InfiniteFuture();  // The credential's own end, as known now.
  // After which its next use is to be noted.
  absl::Duration note_use_after = absl::InfiniteDuration();
};

}  // namespace gatehouse::identity
