#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/common/text/networks.h"

namespace gatehouse::notification {

// Where webhooks may go. Whoever may add an endpoint must not reach through us what only we reach:
// the machine itself, its neighbours, a cloud's metadata. What a name stands for may change between
// two look-ups, so that the address is judged when a connection is made to it.
class WebhookTargets {
 public:
  // `allowed`: internal networks that webhooks may reach all the same, and by http too.
  explicit WebhookTargets(Networks allowed);

  // The URL as it is kept. Refuses WEBHOOK_URL_NOT_ALLOWED: what is not https (http where some
  // networks are allowed), has a user, a query or a fragment, or an address in place of a name that
  // MayReach() denies.
  absl::StatusOr<std::string> Check(const std::string& url) const;
  // Whether some internal networks are allowed.
  bool AllowsSome() const { return !allowed_.empty(); }
  // Whether a connection may be made to this address; without TLS to allowed networks only.
  bool MayReach(const std::string& address, bool tls) const;

 private:
  const Networks allowed_;
  const Networks special_;
};

}  // namespace gatehouse::notification
