#pragma once

#include "services/cases/pipelines/handler.h"
#include "services/cases/tests/fixture.h"

namespace gatehouse::cases {

// `solar`: lead → planning (drawing, offer) → done, or failed, from where clients start again;
// `checking`, between the two of planning, is hidden.
inline v1::PutPipelineRequest Solar() {
  v1::PutPipelineRequest pipeline;
  pipeline.set_pipeline_id("solar");
  pipeline.set_display_name("Solar");
  pipeline.add_kinds("installation");
  const auto add = [&](const char* id, v1::StateView view, const char* parent,
                       const std::vector<const char*>& to) -> State& {
    State& state = *pipeline.add_states();
    state.set_state_id(id);
    state.set_display_name(std::string("Staff's ") + id);
    state.set_view(view);
    state.set_parent_id(parent);
    for (const char* target : to) state.add_moves()->set_to_state_id(target);
    return state;
  };
  add("lead", v1::GENERAL, "", {"drawing", "failed"})
      .mutable_moves(0)
      ->set_external_action("deposit-paid");
  add("planning", v1::GENERAL, "", {});
  add("drawing", v1::DRAWING, "planning", {"checking", "failed"})
      .mutable_moves(0)
      ->set_client_action(v1::SUBMITTED);
  add("checking", v1::STATE_VIEW_UNSPECIFIED, "planning", {"offer"}).set_hidden(true);
  add("offer", v1::OFFER, "planning", {"done", "failed"});
  add("done", v1::SUCCESS, "", {});
  add("failed", v1::FAILED, "", {}).set_restart_allowed(true);
  return pipeline;
}

inline void AddText(State& state, const std::string& language, const std::string& name,
                    const std::string& description = "") {
  v1::ClientText& text = *state.add_client_texts();
  text.set_language(language);
  text.set_display_name(name);
  text.set_description(description);
}

struct PipelinesFixture : Fixture {
  DefinitionStore definitions{database.postgres()};
  PipelinesHandler pipelines{{definitions, places, case_file, facts, gate, once}};

  absl::StatusOr<pb::Case> PutAt(const std::string& case_id, const std::string& state_id,
                                 const std::string& kind = "installation") {
    pb::PutCaseRequest request = Mirror(case_id);
    request.set_kind(kind);
    if (!state_id.empty()) request.mutable_state()->set_state_id(state_id);
    return handler.PutCase(StaffCall(), request);
  }
  absl::StatusOr<v1::CaseStatus> Move(const std::string& case_id, const std::string& state_id,
                                      const std::string& etag = "") {
    v1::MoveCaseRequest request;
    request.set_case_id(case_id);
    request.set_state_id(state_id);
    request.set_etag(etag);
    request.set_reason("as agreed");
    return pipelines.MoveCase(StaffCall(), request);
  }
  absl::StatusOr<v1::CaseStatus> Status(const std::string& case_id,
                                        const std::string& organisation_id = "acme") {
    v1::GetCaseStatusRequest request;
    request.set_case_id(case_id);
    return pipelines.GetCaseStatus(StaffCall(organisation_id), request);
  }
  std::string Stands(const std::string& case_id) { return Status(case_id)->state().state_id(); }

  static Call Ada(const std::string& case_id) {
    return ClientCall({case_id, "ada", "inv_1", Visibility::kOwn});
  }
  absl::StatusOr<v1::PortalStatus> Seen(const std::string& case_id,
                                        const std::string& language = "") {
    v1::GetPortalStatusRequest request;
    request.set_case_id(case_id);
    request.set_language(language);
    return pipelines.GetPortalStatus(Ada(case_id), request);
  }
  absl::StatusOr<v1::PortalStatus> Submit(const std::string& case_id, const std::string& state_id,
                                          const std::string& request_id = "") {
    v1::SubmitStepRequest request;
    request.set_case_id(case_id);
    request.set_state_id(state_id);
    request.set_request_id(request_id);
    return pipelines.SubmitStep(Ada(case_id), request);
  }
  absl::StatusOr<v1::PortalStatus> Restart(const std::string& case_id,
                                           const std::string& state_id) {
    v1::RestartCaseRequest request;
    request.set_case_id(case_id);
    request.set_state_id(state_id);
    return pipelines.RestartCase(Ada(case_id), request);
  }
};

}  // namespace gatehouse::cases
