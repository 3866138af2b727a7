#include "services/cases/pipelines/store/bulk_places.h"

#include <utility>

#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/cases/pipelines/domain/moves.h"
#include "services/cases/pipelines/store/definition_store.h"
#include "services/common/jobs/events.h"
#include "services/common/postgres/arrays.h"

namespace gatehouse::cases {
namespace {

// As kStanding of place_store.cpp says of one, without the definition, which many share. A case
// that neither stands nor begins anywhere has no pipeline.
constexpr char kStandings[] = R"sql(
  SELECT c.case_id, c.wanted, p.state_id, coalesce(p.pipeline_id, l.pipeline_id) AS pipeline_id,
         coalesce(p.pipeline_version, l.version) AS version
  FROM unnest($2::text[], $3::text[], $4::text[]) AS c (case_id, kind, wanted)
  LEFT JOIN case_place AS p ON p.organisation_id = $1 AND p.case_id = c.case_id
  LEFT JOIN pipeline_kind AS k ON k.organisation_id = $1 AND k.kind = c.kind AND p.case_id IS NULL
  LEFT JOIN pipeline AS l ON l.organisation_id = $1 AND l.pipeline_id = k.pipeline_id
  WHERE CASE WHEN p.case_id IS NULL THEN l.pipeline_id IS NOT NULL OR c.wanted <> ''
             ELSE c.wanted NOT IN ('', p.state_id) END)sql";

constexpr char kDefinitions[] = R"sql(
  SELECT v.pipeline_id, v.version, v.definition, v.create_time
  FROM (SELECT DISTINCT * FROM unnest($2::text[], $3::bigint[]) AS n (pipeline_id, version)) AS n
  JOIN pipeline_version AS v ON v.organisation_id = $1 AND v.pipeline_id = n.pipeline_id
    AND v.version = n.version)sql";

constexpr char kRecordAll[] = R"sql(
  WITH step AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
      AS step (case_id, pipeline_id, version, from_state_id, to_state_id)),
  moved AS (
    INSERT INTO case_place AS p (organisation_id, case_id, pipeline_id, pipeline_version, state_id)
    SELECT $1, case_id, pipeline_id, version, to_state_id FROM step ORDER BY case_id
    ON CONFLICT (organisation_id, case_id) DO UPDATE SET pipeline_id = excluded.pipeline_id,
      pipeline_version = excluded.pipeline_version, state_id = excluded.state_id,
      moves = p.moves + 1, since_time = clock_timestamp(), waiting_actions = '{}'
    RETURNING case_id, moves, since_time)
  INSERT INTO case_move (organisation_id, case_id, number, pipeline_id, pipeline_version,
                         from_state_id, to_state_id, cause, actor_id, actor_name, contact_id,
                         reason, external_action, create_time)
  SELECT $1, case_id, moves, pipeline_id, version, from_state_id, to_state_id, $7, $8, $9, '', '',
         '', since_time
  FROM moved JOIN step USING (case_id)
  RETURNING case_id, create_time)sql";

using Definitions = std::map<std::pair<std::string, int64_t>, Pipeline>;

Definitions DefinitionsOf(Transaction& tx, const std::string& organisation_id,
                          const pqxx::result& standings) {
  std::vector<std::string> pipeline_ids;
  std::vector<int64_t> versions;
  for (const pqxx::row& row : standings) {
    if (row["pipeline_id"].is_null()) continue;
    pipeline_ids.emplace_back(row["pipeline_id"].c_str());
    versions.push_back(row["version"].as<int64_t>());
  }
  Definitions definitions;
  if (pipeline_ids.empty()) return definitions;
  for (const pqxx::row& row :
       tx.Exec(kDefinitions, organisation_id, SqlArray(pipeline_ids), SqlArray(versions))) {
    definitions[{row["pipeline_id"].c_str(), row["version"].as<int64_t>()}] =
        DefinitionStore::From(row);
  }
  return definitions;
}

const Pipeline& PipelineOf(const pqxx::row& row, const Definitions& definitions) {
  return definitions.at({row["pipeline_id"].c_str(), row["version"].as<int64_t>()});
}

// What the moves ask for that are wanted, of all these cases at once.
absl::StatusOr<std::map<std::string, Facts>> FactsOf(CaseFacts& facts,
                                                     const std::string& organisation_id,
                                                     const pqxx::result& standings,
                                                     const Definitions& definitions) {
  std::vector<std::string> case_ids;
  CaseFacts::Conditions conditions;
  for (const pqxx::row& row : standings) {
    if (row["state_id"].is_null()) continue;
    const State& state = *FindState(PipelineOf(row, definitions), row["state_id"].c_str());
    for (const v1::PipelineMove& move : state.moves()) {
      if (move.conditions().empty() || move.to_state_id() != row["wanted"].c_str()) continue;
      case_ids.emplace_back(row["case_id"].c_str());
      conditions.insert(conditions.end(), move.conditions().begin(), move.conditions().end());
    }
  }
  return facts.Of(organisation_id, case_ids, conditions);
}

// What the case of this row moves to.
absl::StatusOr<std::string> TargetOf(const pqxx::row& row, const Definitions& definitions,
                                     const std::map<std::string, Facts>& facts) {
  if (row["pipeline_id"].is_null()) {
    return Refuse(v1::NOT_IN_PIPELINE, "the case is in no pipeline");
  }
  const Pipeline& pipeline = PipelineOf(row, definitions);
  const std::string wanted = row["wanted"].c_str();
  if (row["state_id"].is_null()) return EnterPipeline(pipeline, "", wanted);
  const auto of_case = facts.find(row["case_id"].c_str());
  return MoveTo(pipeline, row["state_id"].c_str(), wanted,
                of_case == facts.end() ? Facts() : of_case->second);
}

// Moves that were decided on, column by column.
struct Steps {
  std::vector<std::string> case_ids, pipeline_ids, from, to;
  std::vector<int64_t> versions;

  void Add(const pqxx::row& row, const std::string& target) {
    case_ids.emplace_back(row["case_id"].c_str());
    pipeline_ids.emplace_back(row["pipeline_id"].c_str());
    versions.push_back(row["version"].as<int64_t>());
    from.emplace_back(row["state_id"].is_null() ? "" : row["state_id"].c_str());
    to.push_back(target);
  }
};

void AddMoved(const Steps& steps, const std::map<std::string, absl::Time>& times,
              OutboxCalls& calls) {
  for (size_t i = 0; i < steps.case_ids.size(); ++i) {
    const std::string& case_id = steps.case_ids[i];
    v1::CaseMoved event;
    event.set_pipeline_id(steps.pipeline_ids[i]);
    event.set_from_state_id(steps.from[i]);
    event.set_to_state_id(steps.to[i]);
    event.set_cause(v1::MoveCause_Name(v1::MOVED_BY_PUT));
    AddEvent(event,
             {.case_id = case_id,
              .time = times.at(case_id),
              .order_key = "moved:" + case_id,
              .once = ""},
             calls);
  }
}

}  // namespace

absl::StatusOr<BulkPlaces::Refused> BulkPlaces::FollowAll(const Caller& caller,
                                                          const std::vector<Case>& puts) {
  const std::string& organisation_id = caller.organisation_id;
  std::vector<std::string> case_ids, kinds, wanted;
  for (const Case& put : puts) {
    case_ids.push_back(put.case_id);
    kinds.push_back(put.kind);
    wanted.push_back(put.state.has_value() ? put.state->state_id : "");
  }
  using Result = absl::StatusOr<Refused>;
  return postgres_.Write(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto standings =
        tx.Exec(kStandings, organisation_id, SqlArray(case_ids), SqlArray(kinds), SqlArray(wanted));
    const Definitions definitions = DefinitionsOf(tx, organisation_id, standings);
    ASSIGN_OR_RETURN(const auto facts, FactsOf(facts_, organisation_id, standings, definitions));
    Refused refused;
    Steps steps;
    for (const pqxx::row& row : standings) {
      const auto target = TargetOf(row, definitions, facts);
      if (target.ok()) {
        steps.Add(row, *target);
      } else {
        refused[row["case_id"].c_str()] = target.status();
      }
    }
    if (!refused.empty() || steps.case_ids.empty()) return refused;
    std::map<std::string, absl::Time> times;
    for (const pqxx::row& row : tx.Exec(
             kRecordAll, organisation_id, SqlArray(steps.case_ids), SqlArray(steps.pipeline_ids),
             SqlArray(steps.versions), SqlArray(steps.from), SqlArray(steps.to),
             static_cast<int>(v1::MOVED_BY_PUT), caller.actor_id, caller.actor_name)) {
      times[row["case_id"].c_str()] = TimeFromSql(row["create_time"]);
    }
    OutboxCalls calls(organisation_id);
    AddMoved(steps, times, calls);
    outbox_.Add(tx, std::move(calls));
    return refused;
  });
}

}  // namespace gatehouse::cases
