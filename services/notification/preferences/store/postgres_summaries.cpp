#include "services/notification/preferences/store/postgres_summaries.h"

#include <nlohmann/json.hpp>

#include "services/common/postgres/arrays.h"
#include "services/notification/preferences/telling_lanes.h"

namespace gatehouse::notification {
namespace {

using nlohmann::json;

constexpr char kNote[] = R"sql(
  INSERT INTO summary_entry (organisation_id, event_id, type, case_id, time, data)
  VALUES ($1, $2, $3, $4, $5, $6::jsonb)
  ON CONFLICT (organisation_id, event_id) DO NOTHING RETURNING 1)sql";
// Holds the row from then on, whoever planned it. It is planned anew for an earlier time, and where
// its time is long over: its job was lost.
constexpr char kPlan[] = R"sql(
  INSERT INTO summary AS planned (organisation_id, due_time) VALUES ($1, $2)
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

void PostgresSummaries::Plan(Transaction& tx, const std::string& organisation_id, absl::Time due) {
  OutboxCalls calls(organisation_id);
  AddSummary(due, calls);
  outbox_.Add(tx, std::move(calls));
}

absl::Status PostgresSummaries::Note(const std::string& organisation_id, const Event& event,
                                     absl::Time due) {
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    const auto noted = tx.Exec(kNote, organisation_id, event.event_id, event.type, event.case_id,
                               ToSql(event.time), json(event.data).dump());
    if (noted.empty()) return absl::OkStatus();
    // After the entry: a summary that is being sent either has it, or is planned anew here.
    const auto planned = tx.Exec(kPlan, organisation_id, ToSql(due));
    if (planned.at(0)["anew"].as<bool>()) Plan(tx, organisation_id, due);
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
    Plan(tx, organisation_id, next);
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::notification
