#pragma once

#include "gatehouse/cases/v1/factfind.pb.h"
#include "services/cases/domain/store.h"
#include "services/cases/factfind/store/fact_find_store.h"
#include "services/cases/pipelines/store/place_store.h"
#include "services/cases/portal/gate.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/factfind.proto, translated into calls of the stores and the
// rules.
class FactFindsHandler {
 public:
  struct Parts {
    FlowStore& flows;
    FactFindStore& finds;
    Store& mirror;
    PlaceStore& places;
    const PortalGate& gate;
    Once& once;
  };
  explicit FactFindsHandler(const Parts& parts) : parts_(parts) {}
  void Register(Server& server);

  absl::StatusOr<v1::FactFind> CreateFactFind(const Call& call,
                                              const v1::CreateFactFindRequest& request);
  absl::StatusOr<v1::ListFactFindsResponse> ListFactFinds(const Call& call,
                                                          const v1::ListFactFindsRequest& request);
  absl::StatusOr<v1::FactFind> GetFactFind(const Call& call, const v1::GetFactFindRequest& request);
  absl::StatusOr<v1::FactFindAnswers> GetAnswers(const Call& call,
                                                 const v1::GetFactFindRequest& request);
  absl::StatusOr<v1::SaveAnswerResponse> SaveAnswer(const Call& call,
                                                    const v1::SaveAnswerRequest& request);
  absl::StatusOr<v1::ListAnswerChangesResponse> ListAnswerChanges(
      const Call& call, const v1::ListAnswerChangesRequest& request);
  absl::StatusOr<v1::FactFind> UnlockFactFind(const Call& call,
                                              const v1::UnlockFactFindRequest& request);

  absl::StatusOr<v1::ListFactFindsResponse> ListPortalFactFinds(
      const Call& call, const v1::ListFactFindsRequest& request);
  absl::StatusOr<v1::FactFind> GetPortalFactFind(const Call& call,
                                                 const v1::GetFactFindRequest& request);
  absl::StatusOr<v1::SaveAnswerResponse> SavePortalAnswer(const Call& call,
                                                          const v1::SaveAnswerRequest& request);
  absl::StatusOr<v1::FactFind> SubmitFactFind(const Call& call,
                                              const v1::SubmitFactFindRequest& request);

  absl::StatusOr<v1::CheckFlowsResponse> CheckFlows(const Call& call,
                                                    const v1::CheckFlowsRequest& request);
  absl::StatusOr<v1::OpenFactFindsResponse> OpenFactFinds(const Call& call,
                                                          const v1::OpenFactFindsRequest& request);

 private:
  using Target = FactFindStore::Target;
  absl::StatusOr<v1::ListFactFindsResponse> List(const Target& target);
  absl::StatusOr<v1::FactFind> Whole(const Target& target);
  absl::StatusOr<v1::SaveAnswerResponse> Save(const Call& call, const Target& target,
                                              const v1::SaveAnswerRequest& request);

  const Parts parts_;
};

}  // namespace gatehouse::cases
