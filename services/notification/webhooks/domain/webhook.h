#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/page.h"
#include "services/common/base/secret.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// Where an organisation's events are brought to.
struct WebhookEndpoint {
  std::string organisation_id, endpoint_id, display_name, url;
  std::vector<std::string> event_types;  // Empty: all.
  bool enabled = true;
  absl::Time create_time;
  std::optional<absl::Time> failing_since, previous_secret_expire_time;
};

enum class DeliveryState { kRetrying = 1, kDead = 2 };

// Why an attempt failed, numbered as the contract has it.
enum class WebhookFailure {
  kStatusNotOk = 1,
  kHostUnknown = 2,
  kConnectionRefused = 3,
  kAddressNotAllowed = 4,
  kTlsFailed = 5,
  kTimedOut = 6,
  kNoAnswer = 7,
};

// An event that was not taken at the first attempt.
struct WebhookDelivery {
  int64_t number = 0;
  std::string event_id, event_type;
  DeliveryState state = DeliveryState::kRetrying;
  int attempts = 0, http_status = 0;
  WebhookFailure failure = WebhookFailure::kStatusNotOk;
  absl::Time attempt_time;
};

struct WebhookKey {
  std::string organisation_id, endpoint_id;
};

// What is to be brought to an endpoint next.
struct WebhookPost {
  WebhookKey endpoint;
  std::string url;
  std::vector<Secret> secrets;  // What signs: the one of now, and for a while the one before.
  int64_t number = 0;
  std::optional<Event> event;  // Nothing where it is past its retention: there is no point in it.
  int attempts = 0;            // That failed.
  int failures = 0;            // Of the endpoint, in a row.
};

// What came of an attempt.
struct WebhookResult {
  std::optional<WebhookFailure> failure;  // Nothing: it was taken.
  int http_status = 0;
  absl::Duration wait;  // How long the receiver asks to be left alone.
  bool gone = false;    // It answered 410: it wants no more.
};

// When what failed is tried again.
struct WebhookBackoff {
  absl::Duration delivery;                         // This event.
  absl::Duration endpoint = absl::ZeroDuration();  // Any event; zero: at once.
};

// How many endpoints an organisation may have.
inline constexpr int kWebhookEndpointsMax = 20;
// How many of an organisation's endpoints have their turn at once: a quarter of the threads.
inline constexpr int kWebhookTurnsMax = 4;
// How many failures in a row, of whatever events, mean that an endpoint is away: then one attempt
// at a time finds out whether it still is.
inline constexpr int kWebhookFailures = 3;
// For how long a delivery is tried again.
inline constexpr absl::Duration kWebhookPatience = absl::Hours(72);

// What is kept of webhooks. Each method is one transaction.
class WebhookStore {
 public:
  virtual ~WebhookStore() = default;

  // From the newest event on. Refuses WEBHOOK_LIMIT_REACHED.
  virtual absl::StatusOr<WebhookEndpoint> Create(const WebhookEndpoint& endpoint,
                                                 const Secret& secret) = 0;
  virtual absl::StatusOr<std::vector<WebhookEndpoint>> List(const std::string& organisation_id) = 0;
  // Refuses NOT_FOUND, as do the following.
  virtual absl::StatusOr<WebhookEndpoint> Get(const WebhookKey& key) = 0;
  struct Change {
    std::optional<std::string> display_name, url;
    std::optional<std::vector<std::string>> event_types;
    // Enabled again, it goes on with the newest event, and with what was to be tried again.
    std::optional<bool> enabled;
  };
  virtual absl::StatusOr<WebhookEndpoint> Update(const WebhookKey& key, const Change& change) = 0;
  // Harmless where there is none.
  virtual absl::Status Delete(const WebhookKey& key) = 0;
  // The secret of now goes on signing for so long.
  virtual absl::StatusOr<WebhookEndpoint> Rotate(const WebhookKey& key, const Secret& secret,
                                                 absl::Duration overlap) = 0;
  // By number, newest first.
  virtual absl::StatusOr<std::vector<WebhookDelivery>> ListDeliveries(
      const WebhookKey& key, std::optional<DeliveryState> state, const Page& page) = 0;
  // The dead deliveries of these events, or the oldest thousand of all, are due again: how many.
  virtual absl::StatusOr<int> Replay(const WebhookKey& key,
                                     const std::vector<std::string>& event_ids) = 0;

  // Nothing where nothing is due: of what is to be tried again the longest due one, before the next
  // event of the feed.
  virtual absl::StatusOr<std::optional<WebhookPost>> Next(const WebhookKey& key) = 0;
  virtual absl::Status Taken(const WebhookPost& post) = 0;
  virtual absl::Status Failed(const WebhookPost& post, const WebhookResult& result,
                              const WebhookBackoff& backoff) = 0;
  // The job that brings what is due has ended. True: something is due already.
  virtual absl::StatusOr<bool> Rest(const WebhookKey& key) = 0;
};

}  // namespace gatehouse::notification
