#pragma once

#include <string>
#include <vector>

#include "services/common/jobs/jobs.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"
#include "services/notification/webhooks/domain/webhook.h"

namespace gatehouse::notification {

inline constexpr char kWebhookLane[] = "webhook";

// The job of an endpoint's turn, and back.
std::string WebhookJobId(const WebhookKey& key);
WebhookKey WebhookOf(const Job& job);

class PostgresWebhooks : public WebhookStore {
 public:
  // `key` seals secrets at rest; `trail` tells the audit trail what was done.
  PostgresWebhooks(Postgres& postgres, Secret key, Outbox& trail)
      : postgres_(postgres), key_(std::move(key)), trail_(trail) {}

  absl::StatusOr<WebhookEndpoint> Create(const WebhookEndpoint& endpoint,
                                         const Secret& secret) override;
  absl::StatusOr<std::vector<WebhookEndpoint>> List(const std::string& organisation_id) override;
  absl::StatusOr<WebhookEndpoint> Get(const WebhookKey& key) override;
  absl::StatusOr<WebhookEndpoint> Update(const WebhookKey& key, const Change& change) override;
  absl::Status Delete(const WebhookKey& key) override;
  absl::StatusOr<WebhookEndpoint> Rotate(const WebhookKey& key, const Secret& secret,
                                         absl::Duration overlap) override;
  absl::StatusOr<std::vector<WebhookDelivery>> ListDeliveries(const WebhookKey& key,
                                                              std::optional<DeliveryState> state,
                                                              const Page& page) override;
  absl::StatusOr<int> Replay(const WebhookKey& key,
                             const std::vector<std::string>& event_ids) override;

  absl::StatusOr<std::optional<WebhookPost>> Next(const WebhookKey& key) override;
  absl::Status Taken(const WebhookPost& post) override;
  absl::Status Failed(const WebhookPost& post, const WebhookResult& result,
                      const WebhookBackoff& backoff) override;
  absl::StatusOr<bool> Rest(const WebhookKey& key) override;

  // Adds a job for each endpoint, of these organisations or (none named) of all, that has something
  // due and no job yet: how many, a thousand at most.
  absl::StatusOr<int> Schedule(Jobs& jobs, const std::vector<std::string>& organisations);
  // Those that have endpoints.
  absl::StatusOr<std::vector<std::string>> Organisations();

 private:
  // Runs a statement that changes one endpoint and returns its row, and tells the trail.
  template <typename TrailEvent, typename... Args>
  absl::StatusOr<WebhookEndpoint> ChangeOne(const WebhookKey& key, const char* sql,
                                            const Args&... args);
  std::string Sealed(const WebhookKey& key, const Secret& secret) const;
  absl::StatusOr<Secret> Opened(const WebhookKey& key, const std::string& sealed) const;

  Postgres& postgres_;
  const Secret key_;
  Outbox& trail_;
};

}  // namespace gatehouse::notification
