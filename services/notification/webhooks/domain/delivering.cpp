#include "services/notification/webhooks/domain/delivering.h"

#include <algorithm>

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kFirst = absl::Seconds(5), kMost = absl::Hours(6);
constexpr absl::Duration kAskedMax = absl::Hours(1);

// After so many failures in a row.
absl::Duration WaitAfter(int failures) {
  absl::Duration wait = kFirst;
  for (int i = 1; i < failures && wait < kMost; ++i) wait *= 2;
  return std::min(wait, kMost);
}

}  // namespace

WebhookBackoff BackoffOf(const WebhookPost& post, const WebhookResult& result) {
  WebhookBackoff backoff = {.delivery = WaitAfter(post.attempts + 1)};
  const int failures = post.failures + 1;
  if (failures >= kWebhookFailures) backoff.endpoint = WaitAfter(failures - kWebhookFailures + 1);
  backoff.endpoint = std::max(backoff.endpoint, std::min(result.wait, kAskedMax));
  return backoff;
}

absl::StatusOr<bool> DeliverTurn(WebhookStore& store, WebhookPoster& poster, const Clock& clock,
                                 const WebhookKey& key) {
  const absl::Time end = clock.Now() + kWebhookTurn;
  for (int i = 0; i < kWebhookTurnPosts && clock.Now() < end; ++i) {
    ASSIGN_OR_RETURN(const std::optional<WebhookPost> post, store.Next(key));
    if (!post.has_value()) break;
    const WebhookResult result = post->event.has_value() ? poster.Send(*post) : WebhookResult();
    RETURN_IF_ERROR(result.failure.has_value()
                        ? store.Failed(*post, result, BackoffOf(*post, result))
                        : store.Taken(*post));
  }
  return store.Rest(key);
}

}  // namespace gatehouse::notification
