#include "services/common/postgres/once.h"
#include "services/notification/webhooks/tests/webhook_fixture.h"
#include "services/notification/webhooks/webhooks_handler.h"

namespace gatehouse::notification {
namespace {

constexpr char kUrl[] = "https://crm.example/hook";

struct HandlerFixture : WebhookFixture {
  const WebhookTargets targets{Networks()};
  WebhookScheduler scheduler{store};
  Once once{database.postgres(), Secret(RandomBytes(32))};
  WebhooksHandler handler{store, targets, scheduler, once};
  const Call call = StaffCall();
  const CallScope scope{call};

  absl::StatusOr<pb::CreateWebhookEndpointResponse> Create(
      const std::string& url = kUrl, const std::vector<std::string>& types = {},
      const std::string& request_id = "") {
    pb::CreateWebhookEndpointRequest request;
    request.set_display_name("CRM");
    request.set_url(url);
    for (const std::string& type : types) request.add_event_types(type);
    request.set_request_id(request_id);
    return handler.CreateWebhookEndpoint(call, request);
  }
  std::string Created() { return Create()->webhook_endpoint().webhook_endpoint_id(); }
  pb::UpdateWebhookEndpointRequest ChangeTo(const std::string& id,
                                            const std::vector<std::string>& mask = {}) {
    pb::UpdateWebhookEndpointRequest request;
    request.set_webhook_endpoint_id(id);
    for (const std::string& path : mask) request.mutable_update_mask()->add_paths(path);
    return request;
  }
  pb::ListWebhookDeliveriesResponse Deliveries(const std::string& id,
                                               const std::string& page_token = "",
                                               pb::WebhookDeliveryState state = {}) {
    pb::ListWebhookDeliveriesRequest request;
    request.set_webhook_endpoint_id(id);
    request.set_page_token(page_token);
    request.set_page_size(2);
    request.set_state(state);
    return handler.ListWebhookDeliveries(call, request).value();
  }
};

TEST_CASE_METHOD(HandlerFixture, "an endpoint is added with a secret that is shown once",
                 "[service]") {
  const auto created = Create(kUrl, {"invitation.accepted", "case.deleted", "case.deleted"});
  REQUIRE(created.ok());
  CHECK(created->secret().rfind("whsec_", 0) == 0);
  const auto& endpoint = created->webhook_endpoint();
  CHECK(endpoint.url() == kUrl);
  CHECK(endpoint.enabled());
  CHECK(endpoint.event_types_size() == 2);
  CHECK_FALSE(endpoint.has_failing_since());
  const auto listed = handler.ListWebhookEndpoints(call, {});
  REQUIRE(listed->webhook_endpoints_size() == 1);
  CHECK(listed->webhook_endpoints(0).SerializeAsString() == endpoint.SerializeAsString());
  CHECK(database.Exec("SELECT FROM webhook_endpoint WHERE position('whsec'::bytea in secret) > 0")
            .empty());
}

TEST_CASE_METHOD(HandlerFixture, "the same request id adds one endpoint, with one secret",
                 "[service]") {
  const auto first = Create(kUrl, {}, "once"), second = Create(kUrl, {}, "once");
  REQUIRE(first.ok());
  CHECK(second->SerializeAsString() == first->SerializeAsString());
  CHECK(handler.ListWebhookEndpoints(call, {})->webhook_endpoints_size() == 1);
  CHECK(ReasonOf(Create("https://other.example", {}, "once").status()) == "REQUEST_ID_REUSED");
}

TEST_CASE_METHOD(HandlerFixture, "where events cannot go, and which there are not, is refused",
                 "[service]") {
  CHECK(ReasonOf(Create("http://crm.example").status()) == "WEBHOOK_URL_NOT_ALLOWED");
  CHECK(ReasonOf(Create("https://169.254.169.254").status()) == "WEBHOOK_URL_NOT_ALLOWED");
  const auto unknown = Create(kUrl, {"invitation.acepted"}).status();
  CHECK(ReasonOf(unknown) == "UNKNOWN_EVENT_TYPE");
  CHECK(FactsOf(unknown)["type"] == "invitation.acepted");
  // What is noted in the audit trail only is no event of the feed.
  CHECK(ReasonOf(Create(kUrl, {"webhookEndpoint.created"}).status()) == "UNKNOWN_EVENT_TYPE");
  CHECK(handler.ListWebhookEndpoints(call, {})->webhook_endpoints_size() == 0);
}

TEST_CASE_METHOD(HandlerFixture, "an endpoint is changed as far as the change says", "[service]") {
  const std::string id = Created();
  auto change = ChangeTo(id);
  change.set_url("https://new.example");
  change.add_event_types("invitation.created");
  auto changed = handler.UpdateWebhookEndpoint(call, change);
  REQUIRE(changed.ok());
  CHECK(changed->url() == "https://new.example");
  CHECK(changed->display_name() == "CRM");
  CHECK(changed->event_types_size() == 1);
  // Named and not given: all events, and the name is gone.
  changed = handler.UpdateWebhookEndpoint(call, ChangeTo(id, {"event_types", "display_name"}));
  CHECK(changed->event_types_size() == 0);
  CHECK(changed->display_name().empty());
  CHECK(changed->url() == "https://new.example");
  change = ChangeTo(id);
  change.set_enabled(false);
  CHECK_FALSE(handler.UpdateWebhookEndpoint(call, change)->enabled());
  CHECK(handler.UpdateWebhookEndpoint(call, ChangeTo(id, {"enabled"}))->enabled());
  change = ChangeTo(id, {"url"});
  CHECK(ReasonOf(handler.UpdateWebhookEndpoint(call, change).status()) ==
        "WEBHOOK_URL_NOT_ALLOWED");
  CHECK(ReasonOf(handler.UpdateWebhookEndpoint(call, ChangeTo(id, {"secret"})).status()) ==
        "INVALID_REQUEST");
}

TEST_CASE_METHOD(HandlerFixture, "a secret is replaced once for a request id", "[service]") {
  const auto created = Create();
  pb::RotateWebhookSecretRequest request;
  request.set_webhook_endpoint_id(created->webhook_endpoint().webhook_endpoint_id());
  request.set_request_id("rotate");
  const auto first = handler.RotateWebhookSecret(call, request);
  REQUIRE(first.ok());
  CHECK(first->secret() != created->secret());
  const absl::Time until =
      absl::FromUnixSeconds(first->webhook_endpoint().previous_secret_expire_time().seconds());
  CHECK(until - absl::Now() > absl::Hours(23));
  CHECK(handler.RotateWebhookSecret(call, request)->secret() == first->secret());
  request.set_request_id("without an overlap");
  request.mutable_overlap();
  const auto second = handler.RotateWebhookSecret(call, request);
  CHECK_FALSE(second->webhook_endpoint().has_previous_secret_expire_time());
}

TEST_CASE_METHOD(HandlerFixture, "what was not taken is listed in pages, and replayed",
                 "[service]") {
  const std::string id = Created();
  std::vector<std::string> events;
  for (int i = 0; i < 3; ++i) {
    events.push_back(Publish());
    poster.Poison(events.back());
    CHECK_FALSE(Turn({"acme", id}));
    database.Exec("UPDATE webhook_endpoint SET failures = 0, next_attempt_time = '-infinity'");
  }
  const auto first = Deliveries(id);
  REQUIRE(first.deliveries_size() == 2);
  CHECK(first.deliveries(0).event_id() == events[2]);
  CHECK(first.deliveries(0).event_type() == "case.updated");
  CHECK(first.deliveries(0).state() == pb::RETRYING);
  CHECK(first.deliveries(0).failure() == pb::STATUS_NOT_OK);
  CHECK(first.deliveries(0).http_status() == 500);
  const auto second = Deliveries(id, first.next_page_token());
  REQUIRE(second.deliveries_size() == 1);
  CHECK(second.deliveries(0).event_id() == events[0]);
  CHECK(second.next_page_token().empty());
  CHECK(Deliveries(id, "", pb::DEAD).deliveries_size() == 0);
  database.Exec("UPDATE webhook_delivery SET state = 2");
  CHECK(Deliveries(id, "", pb::RETRYING).deliveries_size() == 0);
  pb::ReplayWebhookDeliveriesRequest replay;
  replay.set_webhook_endpoint_id(id);
  replay.add_event_ids(events[1]);
  CHECK(handler.ReplayWebhookDeliveries(call, replay)->replayed() == 1);
  replay.clear_event_ids();
  CHECK(handler.ReplayWebhookDeliveries(call, replay)->replayed() == 2);
  CHECK(Deliveries(id).deliveries(0).attempts() == 0);
}

TEST_CASE_METHOD(HandlerFixture, "nothing of an endpoint is another organisation's", "[service]") {
  const std::string id = Created();
  const Call other = StaffCall("other");
  const auto refused = [&](const absl::Status& status) { CHECK(ReasonOf(status) == "NOT_FOUND"); };
  pb::GetWebhookEndpointRequest get;
  get.set_webhook_endpoint_id(id);
  CHECK(handler.GetWebhookEndpoint(call, get).ok());
  refused(handler.GetWebhookEndpoint(other, get).status());
  refused(handler.UpdateWebhookEndpoint(other, ChangeTo(id)).status());
  pb::RotateWebhookSecretRequest rotate;
  rotate.set_webhook_endpoint_id(id);
  refused(handler.RotateWebhookSecret(other, rotate).status());
  pb::ListWebhookDeliveriesRequest list;
  list.set_webhook_endpoint_id(id);
  refused(handler.ListWebhookDeliveries(other, list).status());
  pb::ReplayWebhookDeliveriesRequest replay;
  replay.set_webhook_endpoint_id(id);
  refused(handler.ReplayWebhookDeliveries(other, replay).status());
  pb::DeleteWebhookEndpointRequest remove;
  remove.set_webhook_endpoint_id(id);
  CHECK(handler.DeleteWebhookEndpoint(other, remove).ok());
  CHECK(handler.GetWebhookEndpoint(call, get).ok());
  CHECK(handler.DeleteWebhookEndpoint(call, remove).ok());
  refused(handler.GetWebhookEndpoint(call, get).status());
}

}  // namespace
}  // namespace gatehouse::notification
