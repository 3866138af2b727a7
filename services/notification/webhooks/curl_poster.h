#pragma once

#include <string>

#include "services/notification/senders/curl.h"
#include "services/notification/webhooks/domain/delivering.h"
#include "services/notification/webhooks/domain/target.h"

namespace gatehouse::notification {

// The body of a post: the event as JSON.
std::string WebhookBody(const Event& event);

// Posts by HTTP, through no proxy and without following redirects. Of an answer its status and
// Retry-After are heard; of a body 64 KiB are read, so that the connection serves again, and
// whatever becomes of it changes nothing.
class CurlWebhookPoster : public WebhookPoster {
 public:
  // `ca_file`: the PEM file of whom to trust; empty: the system's.
  CurlWebhookPoster(const WebhookTargets& targets, std::string ca_file,
                    absl::Duration patience = kWebhookPatienceForAnswer);
  WebhookResult Send(const WebhookPost& post) override;

 private:
  const WebhookTargets& targets_;
  const std::string ca_file_;
  const absl::Duration patience_;
  CurlHandle curl_;
};

}  // namespace gatehouse::notification
