#include "services/notification/webhooks/store/webhook_rows.h"

#include <nlohmann/json.hpp>

namespace gatehouse::notification {
namespace {

std::optional<absl::Time> TimeOf(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return TimeFromSql(field);
}

}  // namespace

WebhookEndpoint EndpointFrom(const pqxx::row& row) {
  return {.organisation_id = row["organisation_id"].c_str(),
          .endpoint_id = row["endpoint_id"].c_str(),
          .display_name = row["display_name"].c_str(),
          .url = row["url"].c_str(),
          .event_types = nlohmann::json::parse(row["types"].c_str()),
          .enabled = row["enabled"].as<bool>(),
          .create_time = TimeFromSql(row["create_time"]),
          .failing_since = TimeOf(row["failing_since"]),
          .previous_secret_expire_time = TimeOf(row["previous_secret_expire_time"])};
}

WebhookDelivery DeliveryFrom(const pqxx::row& row) {
  return {.number = row["number"].as<int64_t>(),
          .event_id = row["event_id"].c_str(),
          .event_type = row["type"].c_str(),
          .state = static_cast<DeliveryState>(row["state"].as<int>()),
          .attempts = row["attempts"].as<int>(),
          .http_status = row["http_status"].as<int>(),
          .failure = static_cast<WebhookFailure>(row["failure"].as<int>()),
          .attempt_time = TimeFromSql(row["attempt_time"])};
}

}  // namespace gatehouse::notification
