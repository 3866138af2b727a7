#include <algorithm>
#include <nlohmann/json.hpp>

#include "services/common/base/random.h"
#include "services/common/postgres/arrays.h"
#include "services/notification/store/postgres_store.h"

namespace gatehouse::notification {

using nlohmann::json;

namespace {

// Numbers that are taken by what is known already stay free.
constexpr char kPublish[] = R"sql(
  WITH said AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
                         $7::text[])
      WITH ORDINALITY AS said (event_id, request_id, type, case_id, time, data, place)),
  feed AS (
    INSERT INTO event_feed AS old VALUES ($1, $8) ON CONFLICT (organisation_id)
    DO UPDATE SET last_number = old.last_number + $8 RETURNING last_number - $8 AS before)
  INSERT INTO event (organisation_id, number, event_id, request_id, type, case_id, time, data)
  SELECT $1, before + place, event_id, request_id, type, case_id, time, data::jsonb
  FROM feed CROSS JOIN said ORDER BY place
  ON CONFLICT (organisation_id, request_id) DO NOTHING RETURNING event_id)sql";

}  // namespace

absl::StatusOr<std::vector<Event>> PostgresStore::Publish(const std::string& organisation_id,
                                                          const std::vector<Event>& events) {
  std::vector<std::string> ids, request_ids, types, case_ids, times, facts;
  for (const Event& event : events) {
    ids.push_back(NewId("evt"));
    request_ids.push_back(event.request_id);
    types.push_back(event.type);
    case_ids.push_back(event.case_id);
    times.push_back(ToSql(event.time));
    facts.push_back(json(event.data).dump());
  }
  using Result = absl::StatusOr<std::vector<Event>>;
  return postgres_.WriteOne(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Event> added;
    for (const auto& row : tx.Exec(kPublish, organisation_id, SqlArray(ids), SqlArray(request_ids),
                                   SqlArray(types), SqlArray(case_ids), SqlArray(times),
                                   SqlArray(facts), static_cast<int64_t>(events.size()))) {
      const auto place = std::find(ids.begin(), ids.end(), row["event_id"].c_str());
      added.push_back(events[place - ids.begin()]);
      added.back().event_id = *place;
    }
    if (!added.empty()) {
      tx.AfterCommit([this, organisation_id] { published_(organisation_id); });
    }
    return added;
  });
}

absl::StatusOr<std::string> PostgresStore::FindEvent(const std::string& organisation_id,
                                                     const std::string& request_id) {
  using Result = absl::StatusOr<std::string>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto found =
        tx.Exec("SELECT event_id FROM event WHERE organisation_id = $1 AND request_id = $2",
                organisation_id, request_id);
    if (found.empty()) return absl::NotFoundError("no such event");
    return std::string(found[0]["event_id"].c_str());
  });
}

absl::StatusOr<std::map<std::string, int64_t>> PostgresStore::NewestEvents(
    const std::vector<std::string>& organisation_ids) {
  using Result = absl::StatusOr<std::map<std::string, int64_t>>;
  return postgres_.Read(Rows::OfAll(), [&](Transaction& tx) -> Result {
    std::map<std::string, int64_t> numbers;
    for (const auto& row : tx.Exec("SELECT organisation_id, last_number FROM event_feed "
                                   "WHERE organisation_id = ANY ($1::text[])",
                                   SqlArray(organisation_ids))) {
      numbers[row["organisation_id"].c_str()] = row["last_number"].as<int64_t>();
    }
    return numbers;
  });
}

absl::StatusOr<std::vector<Event>> PostgresStore::ListEvents(const std::string& organisation_id,
                                                             int64_t after, int limit) {
  using Result = absl::StatusOr<std::vector<Event>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<Event> events;
    for (const auto& row :
         tx.Exec("SELECT number, event_id, type, case_id, time, data FROM event "
                 "WHERE organisation_id = $1 AND number > $2 ORDER BY number LIMIT $3",
                 organisation_id, after, limit)) {
      events.push_back({.number = row["number"].as<int64_t>(),
                        .event_id = row["event_id"].c_str(),
                        .type = row["type"].c_str(),
                        .case_id = row["case_id"].c_str(),
                        .time = TimeFromSql(row["time"]),
                        .data = json::parse(row["data"].c_str())});
    }
    return events;
  });
}

}  // namespace gatehouse::notification
