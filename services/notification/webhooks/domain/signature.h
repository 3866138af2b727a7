#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/common/base/secret.h"

namespace gatehouse::notification {

// A new secret in the form of Standard Webhooks 1.0: `whsec_`, and 32 random bytes in base64.
Secret NewWebhookSecret();

// The header `webhook-signature` of a body, as Standard Webhooks 1.0 has it: for each secret `v1,`
// and the base64 of HMAC-SHA256 under it over `id.timestamp.body`, the time in Unix seconds.
std::string WebhookSignature(const std::vector<Secret>& secrets, const std::string& id,
                             absl::Time time, const std::string& body);

}  // namespace gatehouse::notification
