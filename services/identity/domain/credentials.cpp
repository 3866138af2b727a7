#include "services/identity/domain/credentials.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"

namespace gatehouse::identity {
namespace {

constexpr char kApiKeyPrefix[] = "gh_live_";
constexpr char kStaffTokenPrefix[] = "gh_staff_";
constexpr char kSessionPrefix[] = "gh_session_";
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

NewKey MakeKey(KeyKind kind, const std::string& id, const Secret& derivation_key,
               int64_t generation) {
  const std::string derived_from = generation == 0 ? id : absl::StrCat(id, ":", generation);
  const std::string secret = Base64Url(HmacSha256(derivation_key.Reveal(), derived_from));
  const char* prefix = kind == KeyKind::kApiKey ? kApiKeyPrefix : kStaffTokenPrefix;
  return {id, Sha256(secret), Secret(absl::StrCat(prefix, id, "_", secret))};
}

std::string NewKeyId(KeyKind kind) {
  std::string id = NewId(kind == KeyKind::kApiKey ? "key" : "stk");
  id.erase(std::remove(id.begin(), id.end(), '_'), id.end());
  return id;
}

Secret SessionToken(const std::string& bytes) {
  return Secret(absl::StrCat(kSessionPrefix, Base64Url(bytes)));
}

bool IsSessionToken(const std::string& text) {
  absl::string_view rest = text;
  absl::ConsumePrefix(&rest, kSessionPrefix);
  return rest.size() == kTokenSize && FromBase64Url(std::string(rest)).ok();
}

}  // namespace gatehouse::identity
