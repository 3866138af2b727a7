#include "services/notification/webhooks/domain/signature.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"

namespace gatehouse::notification {
namespace {

constexpr char kPrefix[] = "whsec_";

// What the text of a secret stands for.
std::string KeyOf(const Secret& secret) {
  std::string key;
  absl::Base64Unescape(secret.Reveal().substr(sizeof(kPrefix) - 1), &key);
  return key;
}

}  // namespace

Secret NewWebhookSecret() {
  return Secret(absl::StrCat(kPrefix, absl::Base64Escape(RandomBytes(32))));
}

std::string WebhookSignature(const std::vector<Secret>& secrets, const std::string& id,
                             absl::Time time, const std::string& body) {
  const std::string text = absl::StrCat(id, ".", absl::ToUnixSeconds(time), ".", body);
  return absl::StrJoin(secrets, " ", [&](std::string* out, const Secret& secret) {
    absl::StrAppend(out, "v1,", absl::Base64Escape(HmacSha256(KeyOf(secret), text)));
  });
}

}  // namespace gatehouse::notification
