#pragma once

#include "absl/status/statusor.h"
#include "services/common/base/clock.h"
#include "services/notification/webhooks/domain/webhook.h"

namespace gatehouse::notification {

// The most that one turn of an endpoint takes: then others have theirs. A post that began in time
// may end later.
inline constexpr int kWebhookTurnPosts = 100;
inline constexpr absl::Duration kWebhookTurn = absl::Seconds(20);
// How long a receiver may take to answer.
inline constexpr absl::Duration kWebhookPatienceForAnswer = absl::Seconds(15);

// When a failed post, and its endpoint, are tried again: after 5 seconds, doubling, to 6 hours. The
// endpoint only once it counts as away, or asks for it.
WebhookBackoff BackoffOf(const WebhookPost& post, const WebhookResult& result);

// Brings one event to its receiver. Used by one thread at a time.
class WebhookPoster {
 public:
  virtual ~WebhookPoster() = default;
  // `post.event` is there. Bounded by kWebhookPatienceForAnswer.
  virtual WebhookResult Send(const WebhookPost& post) = 0;
};

// One turn of an endpoint: what is due is brought there, one after the other, until nothing is, or
// it counts as away, or the turn is over. True: something is still due. An error means that the
// turn is to be repeated; what was brought since it was recorded last may be brought again.
absl::StatusOr<bool> DeliverTurn(WebhookStore& store, WebhookPoster& poster, const Clock& clock,
                                 const WebhookKey& key);

}  // namespace gatehouse::notification
