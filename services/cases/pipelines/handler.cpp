#include "services/cases/pipelines/handler.h"

#include "absl/strings/str_cat.h"
#include "services/cases/pipelines/domain/status.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::cases {
namespace {

Pipeline FromRequest(const v1::PutPipelineRequest& request) {
  Pipeline pipeline;
  pipeline.set_pipeline_id(request.pipeline_id());
  pipeline.set_display_name(request.display_name());
  *pipeline.mutable_kinds() = request.kinds();
  *pipeline.mutable_states() = request.states();
  pipeline.set_etag(request.etag());
  return pipeline;
}

v1::CaseStatus StatusFrom(const Place& place, const std::string& etag) {
  v1::CaseStatus status;
  status.set_pipeline_id(place.pipeline.pipeline_id());
  status.set_pipeline_version(place.pipeline.version());
  *status.mutable_state() = place.state();
  *status.mutable_since_time() = ToProto(place.since);
  status.set_etag(etag);
  for (const std::string& action : place.waiting_actions) status.add_waiting_actions(action);
  return status;
}

// Which of the rules moves the case.
PlaceStore::Decide DecisionOf(const v1::MoveCaseRequest& request) {
  return [request](const Pipeline& pipeline, const std::string& from,
                   const Facts& facts) -> absl::StatusOr<std::string> {
    if (!request.pipeline_id().empty()) return EnterPipeline(pipeline, from, request.state_id());
    if (!request.state_id().empty()) return MoveTo(pipeline, from, request.state_id(), facts);
    return MoveByExternalAction(pipeline, from, request.external_action(), facts);
  };
}

// Says one thing: a state or an action outside; a pipeline goes with a state, or alone.
absl::Status CheckMove(const v1::MoveCaseRequest& request) {
  const bool acts = !request.external_action().empty();
  if (acts && !request.state_id().empty()) {
    return RefuseField("external_action", "goes instead of state_id");
  }
  if (acts && !request.pipeline_id().empty()) {
    return RefuseField("external_action", "goes without pipeline_id");
  }
  if (!acts && request.state_id().empty() && request.pipeline_id().empty()) {
    return RefuseField("state_id", "is required, or external_action or pipeline_id instead");
  }
  return absl::OkStatus();
}

}  // namespace

void PipelinesHandler::Register(Server& server) {
  using Self = PipelinesHandler;
  server.Service("gatehouse.cases.v1.Pipelines")
      .Unary("PutPipeline", *this, &Self::PutPipeline)
      .Unary("GetPipeline", *this, &Self::GetPipeline)
      .Unary("ListPipelines", *this, &Self::ListPipelines)
      .Unary("ReportPipeline", *this, &Self::ReportPipeline)
      .Unary("GetCaseStatus", *this, &Self::GetCaseStatus)
      .Unary("MoveCase", *this, &Self::MoveCase)
      .Unary("ListCaseMoves", *this, &Self::ListCaseMoves);
  server.Service("gatehouse.cases.v1.PortalPipelines")
      .Unary("GetPortalStatus", *this, &Self::GetPortalStatus)
      .Unary("SubmitStep", *this, &Self::SubmitStep)
      .Unary("RestartCase", *this, &Self::RestartCase);
}

absl::StatusOr<v1::Pipeline> PipelinesHandler::PutPipeline(const Call& call,
                                                           const v1::PutPipelineRequest& request) {
  RETURN_IF_ERROR(CheckDefinition(request));
  RETURN_IF_ERROR(CheckConditions(call.caller.organisation_id, request));
  return parts_.definitions.Put(call.caller.organisation_id, FromRequest(request));
}

absl::Status PipelinesHandler::CheckConditions(const std::string& organisation_id,
                                               const v1::PutPipelineRequest& pipeline) {
  CaseFacts::Conditions conditions;
  std::vector<std::string> places;
  for (int i = 0; i < pipeline.states_size(); ++i) {
    for (int j = 0; j < pipeline.states(i).moves_size(); ++j) {
      const v1::PipelineMove& move = pipeline.states(i).moves(j);
      for (int k = 0; k < move.conditions_size(); ++k) {
        conditions.push_back(move.conditions(k));
        places.push_back(absl::StrCat("states[", i, "].moves[", j, "].conditions[", k, "]."));
      }
    }
  }
  ASSIGN_OR_RETURN(const auto mistakes, parts_.facts.MistakesIn(organisation_id, conditions));
  std::vector<FieldViolation> violations;
  for (size_t i = 0; i < mistakes.size(); ++i) {
    if (!mistakes[i].has_value()) continue;
    violations.push_back({places[i] + mistakes[i]->field, mistakes[i]->description});
  }
  return violations.empty() ? absl::OkStatus() : RefuseFields(violations);
}

absl::StatusOr<v1::Pipeline> PipelinesHandler::GetPipeline(const Call& call,
                                                           const v1::GetPipelineRequest& request) {
  return parts_.definitions.Get(call.caller.organisation_id, request.pipeline_id(),
                                request.version());
}

absl::StatusOr<v1::ListPipelinesResponse> PipelinesHandler::ListPipelines(
    const Call& call, const v1::ListPipelinesRequest&) {
  ASSIGN_OR_RETURN(const auto pipelines, parts_.definitions.List(call.caller.organisation_id));
  v1::ListPipelinesResponse response;
  for (const Pipeline& pipeline : pipelines) *response.add_pipelines() = pipeline;
  return response;
}

absl::StatusOr<v1::PipelineReport> PipelinesHandler::ReportPipeline(
    const Call& call, const v1::ReportPipelineRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const Pipeline pipeline,
                   parts_.definitions.Get(organisation_id, request.pipeline_id(), 0));
  ASSIGN_OR_RETURN(auto standing, parts_.places.Report(organisation_id, request.pipeline_id()));
  v1::PipelineReport report;
  for (const State* state : Standing(pipeline)) {
    v1::StateReport& row = *report.add_states();
    row = standing[state->state_id()];
    row.set_state_id(state->state_id());
    row.set_display_name(state->display_name());
    standing.erase(state->state_id());
  }
  for (const auto& [state_id, row] : standing) *report.add_states() = row;
  return report;
}

absl::StatusOr<v1::CaseStatus> PipelinesHandler::GetCaseStatus(
    const Call& call, const v1::GetCaseStatusRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const std::string etag, parts_.cases.Etag(organisation_id, request.case_id()));
  ASSIGN_OR_RETURN(const auto place, parts_.places.Find(organisation_id, request.case_id()));
  if (place.has_value()) return StatusFrom(*place, etag);
  v1::CaseStatus nowhere;
  nowhere.set_etag(etag);
  return nowhere;
}

absl::StatusOr<v1::CaseStatus> PipelinesHandler::MoveCase(const Call& call,
                                                          const v1::MoveCaseRequest& request) {
  RETURN_IF_ERROR(CheckMove(request));
  return parts_.once.Run(call, request, [&]() -> absl::StatusOr<v1::CaseStatus> {
    const bool outside = !request.external_action().empty();
    const PlaceStore::Move move = {
        .case_id = request.case_id(),
        .etag = request.etag(),
        .pipeline_id = request.pipeline_id(),
        .decide = DecisionOf(request),
        .mover = {.cause = outside ? v1::MOVED_BY_EXTERNAL_ACTION : v1::MOVED_BY_STAFF,
                  .actor_id = call.caller.actor_id,
                  .actor_name = call.caller.actor_name,
                  .contact_id = "",
                  .reason = request.reason(),
                  .external_action = request.external_action()}};
    ASSIGN_OR_RETURN(const auto moved, parts_.places.Make(call.caller.organisation_id, move));
    return StatusFrom(moved.place, moved.etag);
  });
}

absl::StatusOr<v1::ListCaseMovesResponse> PipelinesHandler::ListCaseMoves(
    const Call& call, const v1::ListCaseMovesRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(auto moves, parts_.places.ListMoves(organisation_id, request.case_id(), page));
  // A case that never moved, or none.
  if (moves.empty())
    RETURN_IF_ERROR(parts_.cases.Etag(organisation_id, request.case_id()).status());
  v1::ListCaseMovesResponse response;
  response.set_next_page_token(
      CutPage(moves, page, [](const v1::CaseMove& move) { return absl::StrCat(move.number()); }));
  for (const v1::CaseMove& move : moves) *response.add_moves() = move;
  return response;
}

absl::StatusOr<v1::PortalStatus> PipelinesHandler::Shown(const Call& call,
                                                         const std::string& case_id,
                                                         const Place& place,
                                                         const std::string& language,
                                                         const PortalSettings& portal) {
  ASSIGN_OR_RETURN(const auto passed, parts_.places.Passed(call.caller.organisation_id, case_id,
                                                           place.pipeline.pipeline_id()));
  return StatusOf(place, passed, language, portal.show_status_bar());
}

absl::StatusOr<v1::PortalStatus> PipelinesHandler::GetPortalStatus(
    const Call& call, const v1::GetPortalStatusRequest& request) {
  ASSIGN_OR_RETURN(const PortalSettings portal, parts_.gate.Enter(call));
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const auto place, parts_.places.Find(organisation_id, request.case_id()));
  if (place.has_value()) return Shown(call, request.case_id(), *place, request.language(), portal);
  RETURN_IF_ERROR(parts_.cases.Etag(organisation_id, request.case_id()).status());
  return v1::PortalStatus();
}

template <typename Request>
absl::StatusOr<v1::PortalStatus> PipelinesHandler::MoveByClient(const Call& call,
                                                                const Request& request,
                                                                const PlaceStore::Decide& decide) {
  ASSIGN_OR_RETURN(const PortalSettings portal, parts_.gate.Enter(call));
  return parts_.once.Run(call, request, [&]() -> absl::StatusOr<v1::PortalStatus> {
    const PlaceStore::Move move = {
        .case_id = request.case_id(),
        .etag = "",
        .pipeline_id = "",
        .decide = decide,
        .mover = {.cause = v1::MOVED_BY_CLIENT,
                  .actor_id = call.caller.actor_id,
                  .actor_name = call.caller.actor_name,
                  .contact_id = call.caller.AccessTo(request.case_id())->contact_id,
                  .reason = "",
                  .external_action = ""}};
    ASSIGN_OR_RETURN(const auto moved, parts_.places.Make(call.caller.organisation_id, move));
    return Shown(call, request.case_id(), moved.place, request.language(), portal);
  });
}

absl::StatusOr<v1::PortalStatus> PipelinesHandler::SubmitStep(
    const Call& call, const v1::SubmitStepRequest& request) {
  return MoveByClient(call, request,
                      [&](const Pipeline& pipeline, const std::string& from, const Facts& facts) {
                        return MoveBySubmit(pipeline, from, request.state_id(), facts);
                      });
}

absl::StatusOr<v1::PortalStatus> PipelinesHandler::RestartCase(
    const Call& call, const v1::RestartCaseRequest& request) {
  return MoveByClient(call, request,
                      [&](const Pipeline& pipeline, const std::string& from, const Facts&) {
                        return MoveByRestart(pipeline, from, request.state_id());
                      });
}

}  // namespace gatehouse::cases
