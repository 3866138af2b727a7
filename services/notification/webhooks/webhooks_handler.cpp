#include "services/notification/webhooks/webhooks_handler.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/rpc/declared_events.h"
#include "services/notification/webhooks/domain/signature.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kOverlap = absl::Hours(24);

template <typename Request>
WebhookKey KeyOf(const Call& call, const Request& request) {
  return {call.caller.organisation_id, request.webhook_endpoint_id()};
}

pb::WebhookEndpoint ToProto(const WebhookEndpoint& endpoint) {
  pb::WebhookEndpoint proto;
  proto.set_webhook_endpoint_id(endpoint.endpoint_id);
  proto.set_display_name(endpoint.display_name);
  proto.set_url(endpoint.url);
  proto.mutable_event_types()->Add(endpoint.event_types.begin(), endpoint.event_types.end());
  proto.set_enabled(endpoint.enabled);
  *proto.mutable_create_time() = gatehouse::ToProto(endpoint.create_time);
  if (endpoint.failing_since) {
    *proto.mutable_failing_since() = gatehouse::ToProto(*endpoint.failing_since);
  }
  if (endpoint.previous_secret_expire_time) {
    *proto.mutable_previous_secret_expire_time() =
        gatehouse::ToProto(*endpoint.previous_secret_expire_time);
  }
  return proto;
}

pb::WebhookDelivery ToProto(const WebhookDelivery& delivery) {
  pb::WebhookDelivery proto;
  proto.set_event_id(delivery.event_id);
  proto.set_event_type(delivery.event_type);
  proto.set_state(static_cast<pb::WebhookDeliveryState>(delivery.state));
  proto.set_attempts(delivery.attempts);
  proto.set_failure(static_cast<pb::WebhookFailure>(delivery.failure));
  proto.set_http_status(delivery.http_status);
  *proto.mutable_attempt_time() = gatehouse::ToProto(delivery.attempt_time);
  return proto;
}

// Each once, and none that does not exist: who mistypes one would wait for ever.
template <typename Types>
absl::StatusOr<std::vector<std::string>> TypesOf(const Types& types) {
  const auto known = DeclaredEvents(common::v1::FEED);
  for (const std::string& type : types) {
    if (known.count(type) != 0) continue;
    return WithFact(Refuse(v1::UNKNOWN_EVENT_TYPE, "there is no such type of event"), "type", type);
  }
  const std::set<std::string> each(types.begin(), types.end());
  return std::vector<std::string>(each.begin(), each.end());
}

}  // namespace

void WebhooksHandler::Register(Server& server) {
  using Self = WebhooksHandler;
  server.Service("gatehouse.notification.v1.Webhooks")
      .Unary("CreateWebhookEndpoint", *this, &Self::CreateWebhookEndpoint)
      .Unary("GetWebhookEndpoint", *this, &Self::GetWebhookEndpoint)
      .Unary("ListWebhookEndpoints", *this, &Self::ListWebhookEndpoints)
      .Unary("UpdateWebhookEndpoint", *this, &Self::UpdateWebhookEndpoint)
      .Unary("DeleteWebhookEndpoint", *this, &Self::DeleteWebhookEndpoint)
      .Unary("RotateWebhookSecret", *this, &Self::RotateWebhookSecret)
      .Unary("ListWebhookDeliveries", *this, &Self::ListWebhookDeliveries)
      .Unary("ReplayWebhookDeliveries", *this, &Self::ReplayWebhookDeliveries);
}

absl::StatusOr<pb::CreateWebhookEndpointResponse> WebhooksHandler::CreateWebhookEndpoint(
    const Call& call, const pb::CreateWebhookEndpointRequest& request) {
  WebhookEndpoint endpoint = {.organisation_id = call.caller.organisation_id,
                              .endpoint_id = NewId("whe"),
                              .display_name = request.display_name()};
  ASSIGN_OR_RETURN(endpoint.url, targets_.Check(request.url()));
  ASSIGN_OR_RETURN(endpoint.event_types, TypesOf(request.event_types()));
  const auto create = [&]() -> absl::StatusOr<pb::CreateWebhookEndpointResponse> {
    const Secret secret = NewWebhookSecret();
    ASSIGN_OR_RETURN(const WebhookEndpoint created, store_.Create(endpoint, secret));
    pb::CreateWebhookEndpointResponse response;
    *response.mutable_webhook_endpoint() = ToProto(created);
    response.set_secret(secret.Reveal());
    return response;
  };
  auto response = once_.Run(call, request, create);
  scheduler_.Expect(endpoint.organisation_id);
  return response;
}

absl::StatusOr<pb::WebhookEndpoint> WebhooksHandler::GetWebhookEndpoint(
    const Call& call, const pb::GetWebhookEndpointRequest& request) {
  ASSIGN_OR_RETURN(const WebhookEndpoint endpoint, store_.Get(KeyOf(call, request)));
  return ToProto(endpoint);
}

absl::StatusOr<pb::ListWebhookEndpointsResponse> WebhooksHandler::ListWebhookEndpoints(
    const Call& call, const pb::ListWebhookEndpointsRequest&) {
  ASSIGN_OR_RETURN(const auto endpoints, store_.List(call.caller.organisation_id));
  pb::ListWebhookEndpointsResponse response;
  for (const WebhookEndpoint& endpoint : endpoints) {
    *response.add_webhook_endpoints() = ToProto(endpoint);
  }
  return response;
}

absl::StatusOr<WebhookStore::Change> WebhooksHandler::ChangeOf(
    const pb::UpdateWebhookEndpointRequest& request) const {
  const auto& paths = request.update_mask().paths();
  const std::set<std::string> mask(paths.begin(), paths.end());
  const auto concerns = [&](const char* field, bool set) {
    return mask.empty() ? set : mask.count(field) != 0;
  };
  for (const std::string& path : mask) {
    if (path == "display_name" || path == "url" || path == "event_types" || path == "enabled") {
      continue;
    }
    return RefuseField("update_mask", "names a field that cannot be changed");
  }
  WebhookStore::Change change;
  if (concerns("display_name", !request.display_name().empty())) {
    change.display_name = request.display_name();
  }
  if (concerns("url", !request.url().empty())) {
    ASSIGN_OR_RETURN(change.url, targets_.Check(request.url()));
  }
  if (concerns("event_types", request.event_types_size() > 0)) {
    ASSIGN_OR_RETURN(change.event_types, TypesOf(request.event_types()));
  }
  // Named and not set it goes back to its default.
  if (concerns("enabled", request.has_enabled())) {
    change.enabled = !request.has_enabled() || request.enabled();
  }
  return change;
}

absl::StatusOr<pb::WebhookEndpoint> WebhooksHandler::UpdateWebhookEndpoint(
    const Call& call, const pb::UpdateWebhookEndpointRequest& request) {
  ASSIGN_OR_RETURN(const WebhookStore::Change change, ChangeOf(request));
  ASSIGN_OR_RETURN(const WebhookEndpoint endpoint, store_.Update(KeyOf(call, request), change));
  scheduler_.Expect(endpoint.organisation_id);
  scheduler_.Wake(endpoint.organisation_id);
  return ToProto(endpoint);
}

absl::StatusOr<pb::DeleteWebhookEndpointResponse> WebhooksHandler::DeleteWebhookEndpoint(
    const Call& call, const pb::DeleteWebhookEndpointRequest& request) {
  RETURN_IF_ERROR(store_.Delete(KeyOf(call, request)));
  return pb::DeleteWebhookEndpointResponse();
}

absl::StatusOr<pb::RotateWebhookSecretResponse> WebhooksHandler::RotateWebhookSecret(
    const Call& call, const pb::RotateWebhookSecretRequest& request) {
  const auto rotate = [&]() -> absl::StatusOr<pb::RotateWebhookSecretResponse> {
    const Secret secret = NewWebhookSecret();
    const absl::Duration overlap = request.has_overlap() ? FromProto(request.overlap()) : kOverlap;
    ASSIGN_OR_RETURN(const WebhookEndpoint rotated,
                     store_.Rotate(KeyOf(call, request), secret, overlap));
    pb::RotateWebhookSecretResponse response;
    *response.mutable_webhook_endpoint() = ToProto(rotated);
    response.set_secret(secret.Reveal());
    return response;
  };
  return once_.Run(call, request, rotate);
}

absl::StatusOr<pb::ListWebhookDeliveriesResponse> WebhooksHandler::ListWebhookDeliveries(
    const Call& call, const pb::ListWebhookDeliveriesRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  const WebhookKey key = KeyOf(call, request);
  RETURN_IF_ERROR(store_.Get(key).status());
  std::optional<DeliveryState> state;
  if (request.state() != pb::WEBHOOK_DELIVERY_STATE_UNSPECIFIED) {
    state = static_cast<DeliveryState>(request.state());
  }
  ASSIGN_OR_RETURN(std::vector<WebhookDelivery> deliveries,
                   store_.ListDeliveries(key, state, page));
  pb::ListWebhookDeliveriesResponse response;
  response.set_next_page_token(CutPage(deliveries, page, [](const WebhookDelivery& delivery) {
    return absl::StrCat(delivery.number);
  }));
  for (const WebhookDelivery& delivery : deliveries) {
    *response.add_deliveries() = ToProto(delivery);
  }
  return response;
}

absl::StatusOr<pb::ReplayWebhookDeliveriesResponse> WebhooksHandler::ReplayWebhookDeliveries(
    const Call& call, const pb::ReplayWebhookDeliveriesRequest& request) {
  const WebhookKey key = KeyOf(call, request);
  RETURN_IF_ERROR(store_.Get(key).status());
  ASSIGN_OR_RETURN(const int replayed,
                   store_.Replay(key, {request.event_ids().begin(), request.event_ids().end()}));
  scheduler_.Expect(key.organisation_id);
  scheduler_.Wake(key.organisation_id);
  pb::ReplayWebhookDeliveriesResponse response;
  response.set_replayed(replayed);
  return response;
}

}  // namespace gatehouse::notification
