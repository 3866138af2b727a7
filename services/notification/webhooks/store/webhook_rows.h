#pragma once

#include "services/common/postgres/postgres.h"
#include "services/notification/webhooks/domain/webhook.h"

namespace gatehouse::notification {

// The columns that EndpointFrom() reads.
inline constexpr char kWebhookEndpoint[] =
    "organisation_id, endpoint_id, display_name, url, array_to_json(event_types) AS types, "
    "enabled, create_time, failing_since, CASE WHEN previous_secret_expire_time > now() THEN "
    "previous_secret_expire_time END AS previous_secret_expire_time";

WebhookEndpoint EndpointFrom(const pqxx::row& row);

// The columns that DeliveryFrom() reads, of a delivery `d` and its event `e`.
inline constexpr char kWebhookDelivery[] =
    "d.number, event_id, type, d.state, d.attempts, d.failure, d.http_status, d.attempt_time";

WebhookDelivery DeliveryFrom(const pqxx::row& row);

}  // namespace gatehouse::notification
