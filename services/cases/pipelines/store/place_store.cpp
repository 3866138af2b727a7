#include "services/cases/pipelines/store/place_store.h"

#include <algorithm>

#include "absl/strings/str_split.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/cases/pipelines/store/definition_store.h"
#include "services/common/base/proto_time.h"
#include "services/common/jobs/events.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::cases {
namespace {

// Where the case stands or, in no pipeline, where it would begin: on the current version of the
// pipeline $4 if that is named, else of the one that names the kind $3. `state_id` is null then.
constexpr char kStanding[] = R"sql(
  SELECT p.state_id, p.since_time, array_to_string(p.waiting_actions, ' ') AS waiting_actions,
         v.pipeline_id, v.version, v.definition, v.create_time
  FROM (SELECT 1) AS one
  LEFT JOIN case_place AS p ON p.organisation_id = $1 AND p.case_id = $2
  LEFT JOIN pipeline_kind AS k ON k.organisation_id = $1 AND k.kind = $3 AND p.case_id IS NULL
  LEFT JOIN pipeline AS l ON l.organisation_id = $1
    AND l.pipeline_id = coalesce(nullif($4, ''), k.pipeline_id)
  JOIN pipeline_version AS v ON v.organisation_id = $1
    AND v.pipeline_id = coalesce(l.pipeline_id, p.pipeline_id)
    AND v.version = coalesce(l.version, p.pipeline_version))sql";

constexpr char kOf[] =
    "SELECT case_id, state_id, pipeline_id, pipeline_version FROM case_place "
    "WHERE organisation_id = $1 AND case_id = ANY ($2::text[])";

constexpr char kRecord[] = R"sql(
  WITH moved AS (
    INSERT INTO case_place AS p (organisation_id, case_id, pipeline_id, pipeline_version, state_id)
    VALUES ($1, $2, $3, $4, $6)
    ON CONFLICT (organisation_id, case_id) DO UPDATE SET pipeline_id = $3, pipeline_version = $4,
      state_id = $6, moves = p.moves + 1, since_time = clock_timestamp(), waiting_actions = '{}'
    RETURNING moves, since_time)
  INSERT INTO case_move (organisation_id, case_id, number, pipeline_id, pipeline_version,
                         from_state_id, to_state_id, cause, actor_id, actor_name, contact_id,
                         reason, external_action, create_time)
  SELECT $1, $2, moves, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, since_time FROM moved
  RETURNING create_time)sql";

// A client may go round as often as its pipeline lets it start again: of what clients did the first
// thousand moves of a case stay, and the newest of which anything is read.
constexpr char kForget[] = R"sql(
  DELETE FROM case_move WHERE organisation_id = $1 AND case_id = $2 AND contact_id <> ''
    AND number > 1000 AND number <= (
      SELECT moves FROM case_place WHERE organisation_id = $1 AND case_id = $2) - 500)sql";
// An action that came before the conditions of its move held; once.
constexpr char kRemember[] = R"sql(
  UPDATE case_place SET waiting_actions = array_append(waiting_actions, $3::text)
  WHERE organisation_id = $1 AND case_id = $2 AND NOT waiting_actions @> ARRAY[$3::text])sql";

// The newest, in the order of their making.
constexpr char kPassed[] = R"sql(
  SELECT to_state_id FROM (
    SELECT number, to_state_id FROM case_move
    WHERE organisation_id = $1 AND case_id = $2 AND pipeline_id = $3
    ORDER BY number DESC LIMIT 500) AS newest
  ORDER BY number)sql";

constexpr char kListMoves[] =
    "SELECT * FROM case_move WHERE organisation_id = $1 AND case_id = $2 AND number < $3 "
    "ORDER BY number DESC LIMIT $4";

constexpr char kReport[] = R"sql(
  SELECT state_id, count(*) AS cases,
         extract(epoch FROM clock_timestamp() - min(since_time))::float8 AS greatest,
         extract(epoch FROM avg(clock_timestamp() - since_time))::float8 AS mean
  FROM case_place WHERE organisation_id = $1 AND pipeline_id = $2 GROUP BY state_id)sql";

Place PlaceFrom(const pqxx::row& row) {
  Place place{.pipeline = DefinitionStore::From(row),
              .state_id = "",
              .since = {},
              .waiting_actions = {},
              .facts = nullptr};
  if (row["state_id"].is_null()) return place;
  place.state_id = row["state_id"].c_str();
  // Ids hold no spaces.
  place.waiting_actions = absl::StrSplit(row["waiting_actions"].c_str(), ' ', absl::SkipEmpty());
  place.since = TimeFromSql(row["since_time"]);
  return place;
}

v1::CaseMove MoveFrom(const pqxx::row& row) {
  v1::CaseMove move;
  move.set_number(row["number"].as<int64_t>());
  move.set_pipeline_id(row["pipeline_id"].c_str());
  move.set_pipeline_version(row["pipeline_version"].as<int>());
  move.set_from_state_id(row["from_state_id"].c_str());
  move.set_to_state_id(row["to_state_id"].c_str());
  move.set_cause(static_cast<v1::MoveCause>(row["cause"].as<int>()));
  move.set_actor_id(row["actor_id"].c_str());
  move.set_actor_name(row["actor_name"].c_str());
  move.set_contact_id(row["contact_id"].c_str());
  move.set_reason(row["reason"].c_str());
  move.set_external_action(row["external_action"].c_str());
  *move.mutable_create_time() = ToProto(TimeFromSql(row["create_time"]));
  return move;
}

CaseState StateOf(const Place& place) {
  return {.state_id = place.state_id,
          .pipeline_id = place.pipeline.pipeline_id(),
          .version = place.pipeline.version()};
}

google::protobuf::Duration Seconds(const pqxx::field& field) {
  return ToProto(absl::Seconds(std::max<int64_t>(0, static_cast<int64_t>(field.as<double>()))));
}

absl::Status NotInPipeline() { return Refuse(v1::NOT_IN_PIPELINE, "the case is in no pipeline"); }

}  // namespace

absl::StatusOr<std::optional<CaseState>> PlaceStore::Follow(const Caller& caller, const Case& put) {
  const std::string& organisation_id = caller.organisation_id;
  using Result = absl::StatusOr<std::optional<CaseState>>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const std::string wanted = put.state.has_value() ? put.state->state_id : "";
    const auto rows = tx.Exec(kStanding, organisation_id, put.case_id, put.kind, "");
    if (rows.empty()) return wanted.empty() ? Result(std::nullopt) : NotInPipeline();
    const Place now = PlaceFrom(rows[0]);
    const bool stands = !now.state_id.empty();
    if (stands && (wanted.empty() || wanted == now.state_id)) return StateOf(now);
    Place to = now;
    if (stands) {
      ASSIGN_OR_RETURN(const Facts facts, FactsOf(organisation_id, put.case_id, &now.state()));
      ASSIGN_OR_RETURN(to.state_id, MoveTo(now.pipeline, now.state_id, wanted, facts));
    } else {
      ASSIGN_OR_RETURN(to.state_id, EnterPipeline(now.pipeline, "", wanted));
    }
    const Mover mover = {.cause = v1::MOVED_BY_PUT,
                         .actor_id = caller.actor_id,
                         .actor_name = caller.actor_name,
                         .contact_id = "",
                         .reason = "",
                         .external_action = ""};
    ASSIGN_OR_RETURN(to, Record(tx, organisation_id, put.case_id, now.state_id, to, mover));
    return StateOf(to);
  });
}

absl::StatusOr<std::map<std::string, CaseState>> PlaceStore::Of(
    const std::string& organisation_id, const std::vector<std::string>& case_ids) {
  using Result = absl::StatusOr<std::map<std::string, CaseState>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::map<std::string, CaseState> states;
    for (const pqxx::row& row : tx.Exec(kOf, organisation_id, SqlArray(case_ids))) {
      states[row["case_id"].c_str()] = {.state_id = row["state_id"].c_str(),
                                        .pipeline_id = row["pipeline_id"].c_str(),
                                        .version = row["pipeline_version"].as<int>()};
    }
    return states;
  });
}

absl::StatusOr<PlaceStore::Moved> PlaceStore::Make(const std::string& organisation_id,
                                                   const Move& move) {
  using Result = absl::StatusOr<Moved>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    // First: it is also the lock.
    ASSIGN_OR_RETURN(std::string etag, cases_.Touch(organisation_id, move.case_id, move.etag));
    const auto rows = tx.Exec(kStanding, organisation_id, move.case_id, "", move.pipeline_id);
    if (rows.empty()) {
      if (move.pipeline_id.empty()) return NotInPipeline();
      return Refuse(common::v1::NOT_FOUND, "there is no such pipeline");
    }
    Place to = PlaceFrom(rows[0]);
    if (!move.pipeline_id.empty() && to.pipeline.pipeline_id() != move.pipeline_id) {
      return Refuse(common::v1::NOT_FOUND, "there is no such pipeline");
    }
    const std::string from = to.state_id;
    // Of another pipeline, or an older version, none of its moves is made.
    const State* standing = move.pipeline_id.empty() ? FindState(to.pipeline, from) : nullptr;
    ASSIGN_OR_RETURN(const Facts facts, FactsOf(organisation_id, move.case_id, standing));
    ASSIGN_OR_RETURN(to.state_id, move.decide(to.pipeline, from, facts));
    ASSIGN_OR_RETURN(to, Record(tx, organisation_id, move.case_id, from, to, move.mover));
    return Moved{std::move(to), std::move(etag)};
  });
}

absl::Status PlaceStore::Act(const Caller& client, const std::string& case_id,
                             const std::string& action) {
  const std::string& organisation_id = client.organisation_id;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const auto place, Find(organisation_id, case_id));
    if (!place.has_value()) return absl::OkStatus();
    std::vector<std::string> actions = place->waiting_actions;
    actions.push_back(action);
    for (const std::string& done : actions) {
      const auto to = MoveByExternalAction(place->pipeline, place->state_id, done, place->facts);
      if (!to.ok()) continue;
      const Move move = {
          .case_id = case_id,
          .etag = "",
          .pipeline_id = "",
          .decide = [&](const Pipeline&, const std::string&, const Facts&) { return to; },
          .mover = {.cause = v1::MOVED_BY_CLIENT,
                    .actor_id = client.actor_id,
                    .actor_name = client.actor_name,
                    .contact_id = client.AccessTo(case_id)->contact_id,
                    .reason = "",
                    .external_action = done}};
      return Make(organisation_id, move).status();
    }
    if (!WaitsFor(place->state(), action)) return absl::OkStatus();
    tx.Exec(kRemember, organisation_id, case_id, action);
    return absl::OkStatus();
  });
}

absl::StatusOr<Facts> PlaceStore::FactsOf(const std::string& organisation_id,
                                          const std::string& case_id, const State* state) {
  if (state == nullptr) return Facts();
  const CaseFacts::Conditions conditions = ConditionsOf(*state);
  if (conditions.empty()) return Facts();
  ASSIGN_OR_RETURN(auto facts, facts_.Of(organisation_id, {case_id}, conditions));
  return std::move(facts[case_id]);
}

absl::StatusOr<Place> PlaceStore::Record(Transaction& tx, const std::string& organisation_id,
                                         const std::string& case_id, const std::string& from,
                                         Place to, const Mover& mover) {
  const auto kept =
      tx.Exec(kRecord, organisation_id, case_id, to.pipeline.pipeline_id(), to.pipeline.version(),
              from, to.state_id, static_cast<int>(mover.cause), mover.actor_id, mover.actor_name,
              mover.contact_id, mover.reason, mover.external_action);
  to.since = TimeFromSql(kept[0]["create_time"]);
  if (!mover.contact_id.empty()) tx.Exec(kForget, organisation_id, case_id);
  to.waiting_actions.clear();
  ASSIGN_OR_RETURN(to.facts, FactsOf(organisation_id, case_id, &to.state()));
  v1::CaseMoved event;
  event.set_pipeline_id(to.pipeline.pipeline_id());
  event.set_from_state_id(from);
  event.set_to_state_id(to.state_id);
  event.set_cause(v1::MoveCause_Name(mover.cause));
  event.set_contact_id(mover.contact_id);
  OutboxCalls calls(organisation_id);
  AddEvent(event,
           {.case_id = case_id, .time = to.since, .order_key = "moved:" + case_id, .once = ""},
           calls);
  outbox_.Add(tx, std::move(calls));
  return to;
}

absl::StatusOr<std::optional<Place>> PlaceStore::Find(const std::string& organisation_id,
                                                      const std::string& case_id) {
  using Result = absl::StatusOr<std::optional<Place>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(kStanding, organisation_id, case_id, "", "");
    if (rows.empty()) return std::nullopt;
    Place place = PlaceFrom(rows[0]);
    ASSIGN_OR_RETURN(place.facts, FactsOf(organisation_id, case_id, &place.state()));
    return place;
  });
}

absl::StatusOr<std::vector<std::string>> PlaceStore::Passed(const std::string& organisation_id,
                                                            const std::string& case_id,
                                                            const std::string& pipeline_id) {
  using Result = absl::StatusOr<std::vector<std::string>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<std::string> passed;
    for (const pqxx::row& row : tx.Exec(kPassed, organisation_id, case_id, pipeline_id)) {
      passed.emplace_back(row["to_state_id"].c_str());
    }
    return passed;
  });
}

absl::StatusOr<std::vector<v1::CaseMove>> PlaceStore::ListMoves(const std::string& organisation_id,
                                                                const std::string& case_id,
                                                                const Page& page) {
  using Result = absl::StatusOr<std::vector<v1::CaseMove>>;
  ASSIGN_OR_RETURN(const int64_t below, page.Below());
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::vector<v1::CaseMove> moves;
    for (const pqxx::row& row :
         tx.Exec(kListMoves, organisation_id, case_id, below, page.limit())) {
      moves.push_back(MoveFrom(row));
    }
    return moves;
  });
}

absl::StatusOr<std::map<std::string, v1::StateReport>> PlaceStore::Report(
    const std::string& organisation_id, const std::string& pipeline_id) {
  using Result = absl::StatusOr<std::map<std::string, v1::StateReport>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    std::map<std::string, v1::StateReport> report;
    for (const pqxx::row& row : tx.Exec(kReport, organisation_id, pipeline_id)) {
      v1::StateReport& state = report[row["state_id"].c_str()];
      state.set_state_id(row["state_id"].c_str());
      state.set_cases(row["cases"].as<int64_t>());
      *state.mutable_mean_age() = Seconds(row["mean"]);
      *state.mutable_greatest_age() = Seconds(row["greatest"]);
    }
    return report;
  });
}

}  // namespace gatehouse::cases
