#pragma once

#include "gatehouse/cases/v1/pipelines.pb.h"
#include "services/cases/domain/facts.h"
#include "services/cases/pipelines/store/definition_store.h"
#include "services/cases/pipelines/store/place_store.h"
#include "services/cases/portal/gate.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/pipelines.proto, translated into calls of the stores and the
// rules.
class PipelinesHandler {
 public:
  struct Parts {
    DefinitionStore& definitions;
    PlaceStore& places;
    CaseFile& cases;
    CaseFacts& facts;
    const PortalGate& gate;
    Once& once;
  };
  explicit PipelinesHandler(const Parts& parts) : parts_(parts) {}
  void Register(Server& server);

  absl::StatusOr<v1::Pipeline> PutPipeline(const Call& call, const v1::PutPipelineRequest& request);
  absl::StatusOr<v1::Pipeline> GetPipeline(const Call& call, const v1::GetPipelineRequest& request);
  absl::StatusOr<v1::ListPipelinesResponse> ListPipelines(const Call& call,
                                                          const v1::ListPipelinesRequest& request);
  absl::StatusOr<v1::PipelineReport> ReportPipeline(const Call& call,
                                                    const v1::ReportPipelineRequest& request);
  absl::StatusOr<v1::CaseStatus> GetCaseStatus(const Call& call,
                                               const v1::GetCaseStatusRequest& request);
  absl::StatusOr<v1::CaseStatus> MoveCase(const Call& call, const v1::MoveCaseRequest& request);
  absl::StatusOr<v1::ListCaseMovesResponse> ListCaseMoves(const Call& call,
                                                          const v1::ListCaseMovesRequest& request);

  absl::StatusOr<v1::PortalStatus> GetPortalStatus(const Call& call,
                                                   const v1::GetPortalStatusRequest& request);
  absl::StatusOr<v1::PortalStatus> SubmitStep(const Call& call,
                                              const v1::SubmitStepRequest& request);
  absl::StatusOr<v1::PortalStatus> RestartCase(const Call& call,
                                               const v1::RestartCaseRequest& request);

 private:
  // INVALID_REQUEST with every condition that could never hold, each with its place.
  absl::Status CheckConditions(const std::string& organisation_id,
                               const v1::PutPipelineRequest& pipeline);
  // What the client sees after its own move, or without one.
  absl::StatusOr<v1::PortalStatus> Shown(const Call& call, const std::string& case_id,
                                         const Place& place, const std::string& language,
                                         const PortalSettings& portal);
  template <typename Request>
  absl::StatusOr<v1::PortalStatus> MoveByClient(const Call& call, const Request& request,
                                                const PlaceStore::Decide& decide);

  const Parts parts_;
};

}  // namespace gatehouse::cases
