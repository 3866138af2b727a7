#include "services/identity/domain/credentials.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"

namespace gatehouse::identity {
namespace {

constexpr char kApiKeyPrefix[] = "gh_live_";
constexpr char kStaffTokenPrefix[] = "gh_staff_";
constexpr size_t kTokenSize = 43;  // 32 bytes in base64url.

}  // namespace

std::optional<ParsedKey> ParseKey(const std::string& text) {
  absl::string_view rest = text;
  KeyKind kind = KeyKind::kApiKey;
  if (absl::ConsumePrefix(&rest, kStaffTokenPrefix)) {
    kind = KeyKind::kStaffToken;
  } else if (!absl::ConsumePrefix(&rest, kApiKeyPrefix)) {
    return std::nullopt;
  }
  const size_t end = rest.find('_');
  if (end == absl::string_view::npos) return std::nullopt;
  return ParsedKey{kind, std::string(rest.substr(0, end)),
                   Sha256(std::string(rest.substr(end + 1)))};
}

NewKey MakeKey(KeyKind kind, const std::string& id, const Secret& derivation_key) {
  const std::string secret = Base64Url(HmacSha256(derivation_key.Reveal(), id));
  const char* prefix = kind == KeyKind::kApiKey ? kApiKeyPrefix : kStaffTokenPrefix;
  return {id, Sha256(secret), Secret(absl::StrCat(prefix, id, "_", secret))};
}

std::string NewKeyId(KeyKind kind) {
  std::string id = NewId(kind == KeyKind::kApiKey ? "key" : "stk");
  id.erase(std::remove(id.begin(), id.end(), '_'), id.end());
  return id;
}

bool IsSessionToken(const std::string& text) {
  return text.size() == kTokenSize && !absl::StartsWith(text, "gh_") && FromBase64Url(text).ok();
}

absl::Status CheckScopes(const Caller& caller, const std::vector<std::string>& wanted) {
  const auto holds = [&](const std::string& scope) {
    return std::find(caller.scopes.begin(), caller.scopes.end(), scope) != caller.scopes.end();
  };
  for (const std::string& scope : wanted) {
    if (holds("*") || holds(scope)) continue;
    return WithFact(Refuse(absl::StatusCode::kPermissionDenied, "SCOPE_NOT_HELD",
                           "a credential can give away only scopes that it holds itself"),
                    "scope", scope);
  }
  return absl::OkStatus();
}

}  // namespace gatehouse::identity
