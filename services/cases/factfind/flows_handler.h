#pragma once

#include "services/cases/factfind/store/flow_store.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/flows.proto, translated into calls of the store and the
// rules.
class FlowsHandler {
 public:
  explicit FlowsHandler(FlowStore& flows) : flows_(flows) {}
  void Register(Server& server);

  absl::StatusOr<Section> PutSection(const Call& call, const v1::PutSectionRequest& request);
  absl::StatusOr<Section> GetSection(const Call& call, const v1::GetSectionRequest& request);
  absl::StatusOr<v1::ListSectionsResponse> ListSections(const Call& call,
                                                        const v1::ListSectionsRequest& request);
  absl::StatusOr<Flow> PutFlow(const Call& call, const v1::PutFlowRequest& request);
  absl::StatusOr<Flow> GetFlow(const Call& call, const v1::GetFlowRequest& request);
  absl::StatusOr<v1::ListFlowsResponse> ListFlows(const Call& call,
                                                  const v1::ListFlowsRequest& request);
  absl::StatusOr<Flow> ApplyFlowPreset(const Call& call, const v1::ApplyFlowPresetRequest& request);
  absl::StatusOr<Flow> PutFlowVideos(const Call& call, const v1::PutFlowVideosRequest& request);
  absl::StatusOr<v1::FlowSchema> GetFlowSchema(const Call& call,
                                               const v1::GetFlowSchemaRequest& request);

 private:
  FlowStore& flows_;
};

}  // namespace gatehouse::cases
