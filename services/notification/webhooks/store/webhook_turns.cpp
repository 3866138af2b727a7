// The turns of endpoints: what is due, and what came of it.
#include <nlohmann/json.hpp>

#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/postgres/arrays.h"
#include "services/common/postgres/sql.h"
#include "services/notification/webhooks/store/postgres_webhooks.h"
#include "services/notification/webhooks/store/webhook_rows.h"

namespace gatehouse::notification {
namespace {

// The number of what is due: of what is to be tried again the longest due one, or the next event.
constexpr char kNext[] = R"sql(
  WITH endpoint AS (
    SELECT * FROM webhook_endpoint WHERE organisation_id = $1 AND endpoint_id = $2 AND enabled
      AND next_attempt_time <= now()),
  due AS (
    SELECT coalesce(
      (SELECT number FROM webhook_delivery WHERE organisation_id = $1 AND endpoint_id = $2
         AND state = 1 AND next_attempt_time <= now() ORDER BY next_attempt_time LIMIT 1),
      (SELECT number FROM event WHERE organisation_id = $1 AND number > endpoint.cursor
         AND (endpoint.event_types = '{}' OR type = ANY (endpoint.event_types))
       ORDER BY number LIMIT 1)) AS number FROM endpoint)
  SELECT due.number, url, secret,
         CASE WHEN previous_secret_expire_time > now() THEN previous_secret
              ELSE '' END AS previous_secret,
         event_id, type, case_id, time, data,
         coalesce(delivery.attempts, 0) AS attempts, endpoint.failures
  FROM endpoint CROSS JOIN due
  LEFT JOIN event ON event.organisation_id = $1 AND event.number = due.number
  LEFT JOIN webhook_delivery AS delivery ON delivery.organisation_id = $1
    AND delivery.endpoint_id = $2 AND delivery.number = due.number
  WHERE due.number IS NOT NULL)sql";

// An endpoint that was away is back: all that failed meanwhile is due.
constexpr char kTaken[] = R"sql(
  WITH before AS (
    SELECT failures FROM webhook_endpoint WHERE organisation_id = $1 AND endpoint_id = $2),
  taken AS (
    DELETE FROM webhook_delivery
    WHERE organisation_id = $1 AND endpoint_id = $2 AND number = $3),
  back AS (
    UPDATE webhook_delivery SET next_attempt_time = now() FROM before
    WHERE organisation_id = $1 AND endpoint_id = $2 AND number <> $3 AND state = 1
      AND before.failures >= $4)
  UPDATE webhook_endpoint SET cursor = greatest(cursor, $3), failures = 0, failing_since = NULL,
    next_attempt_time = '-infinity'
  WHERE organisation_id = $1 AND endpoint_id = $2)sql";

// None where the endpoint is gone.
constexpr char kFailed[] = R"sql(
  WITH endpoint AS (
    UPDATE webhook_endpoint SET cursor = greatest(cursor, $3), failures = failures + 1,
      failing_since = coalesce(failing_since, now()),
      next_attempt_time = now() + make_interval(secs => $7), enabled = enabled AND NOT $8
    WHERE organisation_id = $1 AND endpoint_id = $2 RETURNING organisation_id)
  INSERT INTO webhook_delivery AS old (organisation_id, endpoint_id, number, state, attempts,
    failure, http_status, first_attempt_time, attempt_time, next_attempt_time)
  SELECT $1, $2, $3, CASE WHEN $8 THEN 2 ELSE 1 END, 1, $4, $5, now(), now(),
         now() + make_interval(secs => $6) FROM endpoint
  ON CONFLICT (organisation_id, endpoint_id, number) DO UPDATE SET
    attempts = old.attempts + 1, failure = excluded.failure, http_status = excluded.http_status,
    attempt_time = now(), next_attempt_time = excluded.next_attempt_time,
    state = CASE WHEN $8 OR old.first_attempt_time <= now() - make_interval(secs => $9)
                 THEN 2 ELSE 1 END)sql";

// What the feed has, as of before what is asked next.
constexpr char kLast[] = "SELECT last_number FROM event_feed WHERE organisation_id = $1";

// Past events that it does not ask for the cursor goes on without a post.
constexpr char kRest[] = R"sql(
  WITH fresh AS (
    SELECT EXISTS (
      SELECT FROM event, webhook_endpoint AS e WHERE e.organisation_id = $1 AND e.endpoint_id = $2
        AND event.organisation_id = $1 AND number > e.cursor AND number <= $3
        AND (e.event_types = '{}' OR type = ANY (e.event_types))) AS any)
  UPDATE webhook_endpoint SET scheduled = false,
    cursor = CASE WHEN fresh.any THEN cursor ELSE greatest(cursor, $3) END
  FROM fresh WHERE organisation_id = $1 AND endpoint_id = $2
  RETURNING enabled AND next_attempt_time <= now() AND (fresh.any OR EXISTS (
    SELECT FROM webhook_delivery WHERE organisation_id = $1 AND endpoint_id = $2
      AND state = 1 AND next_attempt_time <= now())) AS due)sql";

// One organisation has so many turns at once, by chance among its endpoints: those of it that
// answer slowly, or never, leave threads for others.
constexpr char kSchedule[] = R"sql(
  WITH due AS (
    SELECT e.organisation_id, e.endpoint_id FROM webhook_endpoint AS e
    LEFT JOIN event_feed AS feed ON feed.organisation_id = e.organisation_id
    WHERE ($1::text[] = '{}' OR e.organisation_id = ANY ($1::text[]))
      AND e.enabled AND NOT e.scheduled AND e.next_attempt_time <= now()
      AND (e.cursor < feed.last_number OR EXISTS (
        SELECT FROM webhook_delivery AS d WHERE d.organisation_id = e.organisation_id
          AND d.endpoint_id = e.endpoint_id AND d.state = 1 AND d.next_attempt_time <= now()))
      AND (SELECT count(*) FROM webhook_endpoint AS busy
           WHERE busy.organisation_id = e.organisation_id AND busy.scheduled) < $2
    LIMIT 1000 FOR UPDATE OF e SKIP LOCKED),
  chosen AS (
    SELECT organisation_id, endpoint_id,
           row_number() OVER (PARTITION BY organisation_id ORDER BY random()) + (
             SELECT count(*) FROM webhook_endpoint AS busy
             WHERE busy.organisation_id = due.organisation_id AND busy.scheduled) AS turn
    FROM due)
  UPDATE webhook_endpoint SET scheduled = true FROM chosen
  WHERE webhook_endpoint.organisation_id = chosen.organisation_id
    AND webhook_endpoint.endpoint_id = chosen.endpoint_id AND chosen.turn <= $2
  RETURNING chosen.organisation_id, chosen.endpoint_id)sql";

constexpr char kReplay[] = R"sql(
  UPDATE webhook_delivery AS d SET state = 1, attempts = 0, first_attempt_time = now(),
    next_attempt_time = now()
  FROM (SELECT number FROM webhook_delivery JOIN event USING (organisation_id, number)
        WHERE organisation_id = $1 AND endpoint_id = $2 AND state = 2
          AND ($3::text[] = '{}' OR event_id = ANY ($3::text[]))
        ORDER BY number LIMIT 1000) AS dead
  WHERE d.organisation_id = $1 AND d.endpoint_id = $2 AND d.number = dead.number)sql";

// Events are looked up one by one, each by its own key (OFFSET 0 keeps it so): joined otherwise, a
// page deep in the list would read the feed from its newest event on.
constexpr auto kWebhookDeliveries =
    Sql("SELECT ", kWebhookDelivery,
        " FROM webhook_delivery AS d CROSS JOIN LATERAL (SELECT event_id, type FROM event "
        "WHERE organisation_id = d.organisation_id AND number = d.number OFFSET 0) AS e "
        "WHERE d.organisation_id = $1 AND endpoint_id = $2 AND d.number < $3 ");
constexpr auto kDeliveries =
    Sql(kWebhookDeliveries, "AND d.state = $4 ORDER BY d.number DESC LIMIT $5");
constexpr auto kAllDeliveries = Sql(kWebhookDeliveries, "ORDER BY d.number DESC LIMIT $4");

std::optional<Event> EventFrom(const pqxx::row& row) {
  if (row["event_id"].is_null()) return std::nullopt;
  return Event{.number = row["number"].as<int64_t>(),
               .event_id = row["event_id"].c_str(),
               .type = row["type"].c_str(),
               .case_id = row["case_id"].c_str(),
               .time = TimeFromSql(row["time"]),
               .data = nlohmann::json::parse(row["data"].c_str())};
}

}  // namespace

absl::StatusOr<std::optional<WebhookPost>> PostgresWebhooks::Next(const WebhookKey& key) {
  WebhookPost post = {.endpoint = key};
  std::vector<std::string> sealed;
  const auto read = [&](Transaction& tx) -> absl::Status {
    for (const auto& row : tx.Exec(kNext, key.organisation_id, key.endpoint_id)) {
      sealed.push_back(BytesFromSql(row["secret"]));
      if (row["previous_secret"].size() > 0) {
        const std::string previous = BytesFromSql(row["previous_secret"]);
        if (!previous.empty()) sealed.push_back(previous);
      }
      post.url = row["url"].c_str();
      post.number = row["number"].as<int64_t>();
      post.event = EventFrom(row);
      post.attempts = row["attempts"].as<int>();
      post.failures = row["failures"].as<int>();
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(postgres_.Read(Rows::Of(key.organisation_id), read));
  if (sealed.empty()) return std::nullopt;
  for (const std::string& secret : sealed) {
    ASSIGN_OR_RETURN(Secret opened, Opened(key, secret));
    post.secrets.push_back(std::move(opened));
  }
  return post;
}

absl::Status PostgresWebhooks::Taken(const WebhookPost& post) {
  const WebhookKey& key = post.endpoint;
  return postgres_.WriteOne(Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kTaken, key.organisation_id, key.endpoint_id, post.number, kWebhookFailures);
    return absl::OkStatus();
  });
}

absl::Status PostgresWebhooks::Failed(const WebhookPost& post, const WebhookResult& result,
                                      const WebhookBackoff& backoff) {
  const WebhookKey& key = post.endpoint;
  return postgres_.WriteOne(Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::Status {
    tx.Exec(kFailed, key.organisation_id, key.endpoint_id, post.number,
            static_cast<int>(*result.failure), result.http_status,
            absl::ToDoubleSeconds(backoff.delivery), absl::ToDoubleSeconds(backoff.endpoint),
            result.gone, absl::ToDoubleSeconds(kWebhookPatience));
    return absl::OkStatus();
  });
}

absl::StatusOr<bool> PostgresWebhooks::Rest(const WebhookKey& key) {
  using Result = absl::StatusOr<bool>;
  return postgres_.Write(Rows::Of(key.organisation_id), [&](Transaction& tx) -> Result {
    const auto last = tx.Exec(kLast, key.organisation_id);
    const int64_t number = last.empty() ? 0 : last[0]["last_number"].as<int64_t>();
    const auto rested = tx.Exec(kRest, key.organisation_id, key.endpoint_id, number);
    return !rested.empty() && rested[0]["due"].as<bool>();
  });
}

absl::StatusOr<int> PostgresWebhooks::Schedule(Jobs& jobs,
                                               const std::vector<std::string>& organisations) {
  return postgres_.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<int> {
    std::vector<Job> turns;
    for (const auto& row : tx.Exec(kSchedule, SqlArray(organisations), kWebhookTurnsMax)) {
      const WebhookKey key = {row["organisation_id"].c_str(), row["endpoint_id"].c_str()};
      const std::string id = WebhookJobId(key);
      turns.push_back({.organisation_id = key.organisation_id,
                       .lane = kWebhookLane,
                       .kind = "turn",
                       .id = id,
                       .key = id});
    }
    const int count = static_cast<int>(turns.size());
    jobs.Add(tx, std::move(turns));
    return count;
  });
}

absl::StatusOr<std::vector<std::string>> PostgresWebhooks::Organisations() {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Result {
    std::vector<std::string> organisations;
    for (const auto& row :
         tx.Exec("SELECT DISTINCT organisation_id FROM webhook_endpoint WHERE enabled")) {
      organisations.push_back(row["organisation_id"].c_str());
    }
    return organisations;
  });
}

absl::StatusOr<int> PostgresWebhooks::Replay(const WebhookKey& key,
                                             const std::vector<std::string>& event_ids) {
  return postgres_.WriteOne(
      Rows::Of(key.organisation_id), [&](Transaction& tx) -> absl::StatusOr<int> {
        return static_cast<int>(
            tx.Exec(kReplay, key.organisation_id, key.endpoint_id, SqlArray(event_ids))
                .affected_rows());
      });
}

absl::StatusOr<std::vector<WebhookDelivery>> PostgresWebhooks::ListDeliveries(
    const WebhookKey& key, std::optional<DeliveryState> state, const Page& page) {
  using Result = absl::StatusOr<std::vector<WebhookDelivery>>;
  ASSIGN_OR_RETURN(const int64_t below, page.Below());
  return postgres_.Read(Rows::Of(key.organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = state.has_value()
                          ? tx.Exec(kDeliveries.c_str(), key.organisation_id, key.endpoint_id,
                                    below, static_cast<int>(*state), page.limit())
                          : tx.Exec(kAllDeliveries.c_str(), key.organisation_id, key.endpoint_id,
                                    below, page.limit());
    std::vector<WebhookDelivery> deliveries;
    for (const auto& row : rows) deliveries.push_back(DeliveryFrom(row));
    return deliveries;
  });
}

}  // namespace gatehouse::notification
