#pragma once

#include "gatehouse/notification/v1/webhooks.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/notification/webhooks/domain/target.h"
#include "services/notification/webhooks/domain/webhook.h"
#include "services/notification/webhooks/webhook_scheduler.h"

namespace gatehouse::notification {

namespace pb = v1;

// The RPCs of proto/gatehouse/notification/v1/webhooks.proto.
class WebhooksHandler {
 public:
  WebhooksHandler(WebhookStore& store, const WebhookTargets& targets, WebhookScheduler& scheduler,
                  Once& once)
      : store_(store), targets_(targets), scheduler_(scheduler), once_(once) {}
  void Register(Server& server);

  absl::StatusOr<pb::CreateWebhookEndpointResponse> CreateWebhookEndpoint(
      const Call& call, const pb::CreateWebhookEndpointRequest& request);
  absl::StatusOr<pb::WebhookEndpoint> GetWebhookEndpoint(
      const Call& call, const pb::GetWebhookEndpointRequest& request);
  absl::StatusOr<pb::ListWebhookEndpointsResponse> ListWebhookEndpoints(
      const Call& call, const pb::ListWebhookEndpointsRequest& request);
  absl::StatusOr<pb::WebhookEndpoint> UpdateWebhookEndpoint(
      const Call& call, const pb::UpdateWebhookEndpointRequest& request);
  absl::StatusOr<pb::DeleteWebhookEndpointResponse> DeleteWebhookEndpoint(
      const Call& call, const pb::DeleteWebhookEndpointRequest& request);
  absl::StatusOr<pb::RotateWebhookSecretResponse> RotateWebhookSecret(
      const Call& call, const pb::RotateWebhookSecretRequest& request);
  absl::StatusOr<pb::ListWebhookDeliveriesResponse> ListWebhookDeliveries(
      const Call& call, const pb::ListWebhookDeliveriesRequest& request);
  absl::StatusOr<pb::ReplayWebhookDeliveriesResponse> ReplayWebhookDeliveries(
      const Call& call, const pb::ReplayWebhookDeliveriesRequest& request);

 private:
  absl::StatusOr<WebhookStore::Change> ChangeOf(
      const pb::UpdateWebhookEndpointRequest& request) const;

  WebhookStore& store_;
  const WebhookTargets& targets_;
  WebhookScheduler& scheduler_;
  Once& once_;
};

}  // namespace gatehouse::notification
