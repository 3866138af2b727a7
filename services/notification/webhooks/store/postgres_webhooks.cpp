#include "services/notification/webhooks/store/postgres_webhooks.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/notification/v1/events.pb.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/jobs/events.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"
#include "services/notification/webhooks/store/webhook_rows.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kTrailPatience = absl::Milliseconds(300);

absl::Status NotFound() { return Refuse(common::v1::NOT_FOUND, "there is no such endpoint"); }

template <typename Event>
void Tell(Outbox& trail, Transaction& tx, const WebhookKey& key) {
  OutboxCalls calls(key.organisation_id);
  AddToTrail(Event(), {.subject_id = key.endpoint_id, .case_id = ""}, Call::Current(), calls);
  trail.Add(tx, std::move(calls), kTrailPatience);
}

// The organisation's endpoints are counted one transaction after the other.
constexpr char kLock[] = "SELECT pg_advisory_xact_lock(hashtext('webhook'), hashtext($1))";

constexpr auto kCreate = Sql(
    "INSERT INTO webhook_endpoint (organisation_id, endpoint_id, display_name, url, event_types, "
    "secret, cursor) SELECT $1, $2, $3, $4, $5::text[], $6, "
    "coalesce((SELECT last_number FROM event_feed WHERE organisation_id = $1), 0) "
    "WHERE (SELECT count(*) FROM webhook_endpoint WHERE organisation_id = $1) < $7 "
    "RETURNING ",
    kWebhookEndpoint);

constexpr auto kUpdate =
    Sql("UPDATE webhook_endpoint SET display_name = coalesce($3, display_name), "
        "url = coalesce($4, url), event_types = coalesce($5::text[], event_types), "
        "enabled = coalesce($6::boolean, enabled), "
        "next_attempt_time = '-infinity', failures = 0, "
        "cursor = CASE WHEN $6::boolean AND NOT enabled THEN coalesce("
        "(SELECT last_number FROM event_feed WHERE organisation_id = $1), 0) ELSE cursor END "
        "WHERE organisation_id = $1 AND endpoint_id = $2 RETURNING ",
        kWebhookEndpoint);

constexpr auto kRotate =
    Sql("UPDATE webhook_endpoint SET previous_secret = secret, secret = $3, "
        "previous_secret_expire_time = now() + make_interval(secs => $4) "
        "WHERE organisation_id = $1 AND endpoint_id = $2 RETURNING ",
        kWebhookEndpoint);

}  // namespace

std::string WebhookJobId(const WebhookKey& key) {
  return absl::StrCat(key.organisation_id, "/", key.endpoint_id);
}

WebhookKey WebhookOf(const Job& job) {
  return {job.organisation_id, job.id.substr(job.organisation_id.size() + 1)};
}

std::string PostgresWebhooks::Sealed(const WebhookKey& key, const Secret& secret) const {
  return Seal(key_, WebhookJobId(key), secret.Reveal());
}

absl::StatusOr<Secret> PostgresWebhooks::Opened(const WebhookKey& key,
                                                const std::string& sealed) const {
  ASSIGN_OR_RETURN(std::string text, Open(key_, WebhookJobId(key), sealed));
  return Secret(std::move(text));
}

absl::StatusOr<WebhookEndpoint> PostgresWebhooks::Create(const WebhookEndpoint& endpoint,
                                                         const Secret& secret) {
  const WebhookKey key = {endpoint.organisation_id, endpoint.endpoint_id};
  using Result = absl::StatusOr<WebhookEndpoint>;
  return postgres_.Write(Rows::Of(key.organisation_id), [&](Transaction& tx) -> Result {
    tx.Exec(kLock, key.organisation_id);
    const auto rows = tx.Exec(kCreate.c_str(), key.organisation_id, key.endpoint_id,
                              endpoint.display_name, endpoint.url, SqlArray(endpoint.event_types),
                              Bytes(Sealed(key, secret)), kWebhookEndpointsMax);
    if (rows.empty()) {
      return Refuse(v1::WEBHOOK_LIMIT_REACHED, "there are as many endpoints as there may be");
    }
    Tell<v1::WebhookEndpointCreated>(trail_, tx, key);
    return EndpointFrom(rows[0]);
  });
}

absl::StatusOr<std::vector<WebhookEndpoint>> PostgresWebhooks::List(
    const std::string& organisation_id) {
  using Result = absl::StatusOr<std::vector<WebhookEndpoint>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<WebhookEndpoint> endpoints;
    static constexpr auto kList =
        Sql("SELECT ", kWebhookEndpoint,
            " FROM webhook_endpoint WHERE organisation_id = $1 ORDER BY endpoint_id");
    for (const auto& row : tx.Exec(kList.c_str(), organisation_id)) {
      endpoints.push_back(EndpointFrom(row));
    }
    return endpoints;
  });
}

absl::StatusOr<WebhookEndpoint> PostgresWebhooks::Get(const WebhookKey& key) {
  using Result = absl::StatusOr<WebhookEndpoint>;
  return postgres_.Read(Rows::Of(key.organisation_id), [&](Transaction& tx) -> Result {
    static constexpr auto kGet =
        Sql("SELECT ", kWebhookEndpoint,
            " FROM webhook_endpoint WHERE organisation_id = $1 AND endpoint_id = $2");
    const auto rows = tx.Exec(kGet.c_str(), key.organisation_id, key.endpoint_id);
    if (rows.empty()) return NotFound();
    return EndpointFrom(rows[0]);
  });
}

template <typename TrailEvent, typename... Args>
absl::StatusOr<WebhookEndpoint> PostgresWebhooks::ChangeOne(const WebhookKey& key, const char* sql,
                                                            const Args&... args) {
  using Result = absl::StatusOr<WebhookEndpoint>;
  return postgres_.Write(Rows::Of(key.organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(sql, key.organisation_id, key.endpoint_id, args...);
    if (rows.empty()) return NotFound();
    Tell<TrailEvent>(trail_, tx, key);
    return EndpointFrom(rows[0]);
  });
}

absl::StatusOr<WebhookEndpoint> PostgresWebhooks::Update(const WebhookKey& key,
                                                         const Change& change) {
  std::optional<std::string> types;
  if (change.event_types.has_value()) types = SqlArray(*change.event_types);
  return ChangeOne<v1::WebhookEndpointUpdated>(key, kUpdate.c_str(), change.display_name,
                                               change.url, types, change.enabled);
}

absl::StatusOr<WebhookEndpoint> PostgresWebhooks::Rotate(const WebhookKey& key,
                                                         const Secret& secret,
                                                         absl::Duration overlap) {
  return ChangeOne<v1::WebhookSecretRotated>(key, kRotate.c_str(), Bytes(Sealed(key, secret)),
                                             absl::ToDoubleSeconds(overlap));
}

absl::Status PostgresWebhooks::Delete(const WebhookKey& key) {
  return postgres_.Write(Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto deleted = tx.Exec(
        "DELETE FROM webhook_endpoint WHERE organisation_id = $1 AND endpoint_id = $2 "
        "RETURNING endpoint_id",
        key.organisation_id, key.endpoint_id);
    if (!deleted.empty()) Tell<v1::WebhookEndpointDeleted>(trail_, tx, key);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::notification
