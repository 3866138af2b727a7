#include "services/notification/preferences/store/postgres_summaries.h"

#include <nlohmann/json.hpp>

#include "services/common/postgres/arrays.h"
#include "services/notification/preferences/telling_lanes.h"

namespace gatehouse::notification {
namespace {

using nlohmann::json;

// A summary whose row is held until then tells of them. One that is being sent (its row is locked)
// may have looked already; and where its time is long over, its job was lost.
constexpr char kNote[] = R"sql(
  WITH noted AS (
    INSERT INTO summary_entry (organisation_id, event_id, type, case_id, time, data)
    SELECT $1, event_id, type, case_id, time, data::jsonb
    FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
      AS said (event_id, type, case_id, time, data)
    ON CONFLICT (organisation_id, event_id) DO NOTHING),
  held AS (
    SELECT due_time FROM summary WHERE organisation_id = $1 FOR SHARE SKIP LOCKED)
  SELECT EXISTS (SELECT FROM held WHERE due_time > clock_timestamp() - interval '1 hour')
    AS planned)sql";
// Anew for an earlier time, and where its job was lost.
constexpr char kPlan[] = R"sql(
  INSERT INTO summary AS planned (organisation_id, due_time)
  SELECT $1, $2::timestamptz WHERE EXISTS (
    SELECT FROM summary_entry WHERE organisation_id = $1 AND sent_time IS NULL)
  ON CONFLICT (organisation_id) DO UPDATE SET
    anew = excluded.due_time < planned.due_time
      OR planned.due_time < clock_timestamp() - interval '1 hour',
    due_time = CASE WHEN excluded.due_time < planned.due_time
                      OR planned.due_time < clock_timestamp() - interval '1 hour'
                    THEN excluded.due_time ELSE planned.due_time END
  RETURNING xmax = 0 OR anew AS anew)sql";
constexpr char kHold[] =
    "SELECT 1 FROM summary WHERE organisation_id = $1 AND due_time = $2 FOR UPDATE";
constexpr char kPlanned[] = "SELECT 1 FROM summary WHERE organisation_id = $1 AND due_time = $2";
constexpr char kWaiting[] =
    "SELECT event_id, type, case_id, time, data FROM summary_entry "
    "WHERE organisation_id = $1 AND sent_time IS NULL ORDER BY time, event_id LIMIT $2";
constexpr char kSent[] =
    "UPDATE summary_entry SET sent_time = clock_timestamp() "
    "WHERE organisation_id = $1 AND event_id = ANY ($2::text[]) AND sent_time IS NULL";
constexpr char kMore[] =
    "SELECT 1 FROM summary_entry WHERE organisation_id = $1 AND sent_time IS NULL LIMIT 1";
constexpr char kEnd[] = "DELETE FROM summary WHERE organisation_id = $1";
constexpr char kNext[] =
    "UPDATE summary SET due_time = $2, anew = false WHERE organisation_id = $1";

}  // namespace

void PostgresSummaries::AddJob(Transaction& tx, const std::string& organisation_id,
                               absl::Time due) {
  OutboxCalls calls(organisation_id);
  AddSummary(due, calls);
  outbox_.Add(tx, std::move(calls));
}

absl::StatusOr<bool> PostgresSummaries::Note(const std::string& organisation_id,
                                             const std::vector<Event>& events) {
  std::vector<std::string> ids, types, case_ids, times, facts;
  for (const Event& event : events) {
    ids.push_back(event.event_id);
    types.push_back(event.type);
    case_ids.push_back(event.case_id);
    times.push_back(ToSql(event.time));
    facts.push_back(json(event.data).dump());
  }
  const auto note = [&](Transaction& tx) -> absl::StatusOr<bool> {
    const auto noted = tx.Exec(kNote, organisation_id, SqlArray(ids), SqlArray(types),
                               SqlArray(case_ids), SqlArray(times), SqlArray(facts));
    return noted.at(0)["planned"].as<bool>();
  };
  return postgres_.Write(Rows::Of(organisation_id), note);
}

absl::Status PostgresSummaries::Plan(const std::string& organisation_id, absl::Time due) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto planned = tx.Exec(kPlan, organisation_id, ToSql(due));
    if (!planned.empty() && planned[0]["anew"].as<bool>()) AddJob(tx, organisation_id, due);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::optional<std::vector<Event>>> PostgresSummaries::Waiting(
    const std::string& organisation_id, absl::Time due, int limit) {
  using Result = absl::StatusOr<std::optional<std::vector<Event>>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    if (tx.Exec(kPlanned, organisation_id, ToSql(due)).empty()) return std::nullopt;
    std::vector<Event> events;
    for (const auto& row : tx.Exec(kWaiting, organisation_id, limit)) {
      events.push_back({.event_id = row["event_id"].c_str(),
                        .type = row["type"].c_str(),
                        .case_id = row["case_id"].c_str(),
                        .time = TimeFromSql(row["time"]),
                        .data = json::parse(row["data"].c_str())});
    }
    return events;
  });
}

absl::Status PostgresSummaries::Send(const std::string& organisation_id, absl::Time due,
                                     const std::vector<Event>& events, absl::Time next,
                                     const std::function<absl::Status()>& send) {
  std::vector<std::string> ids;
  for (const Event& event : events) ids.push_back(event.event_id);
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    if (tx.Exec(kHold, organisation_id, ToSql(due)).empty()) return absl::OkStatus();
    if (absl::Status sent = send(); !sent.ok()) return sent;
    tx.Exec(kSent, organisation_id, SqlArray(ids));
    if (tx.Exec(kMore, organisation_id).empty()) {
      tx.Exec(kEnd, organisation_id);
      return absl::OkStatus();
    }
    tx.Exec(kNext, organisation_id, ToSql(next));
    AddJob(tx, organisation_id, next);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::notification
