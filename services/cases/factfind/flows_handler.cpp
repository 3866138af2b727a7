#include "services/cases/factfind/flows_handler.h"

#include "services/cases/factfind/answers_json.h"

namespace gatehouse::cases {
namespace {

// What a newer contract may have sent is no part of the definition.
template <typename Request>
Request Known(Request request) {
  request.DiscardUnknownFields();
  return request;
}

}  // namespace

void FlowsHandler::Register(Server& server) {
  using Self = FlowsHandler;
  server.Service("gatehouse.cases.v1.Flows")
      .Unary("PutSection", *this, &Self::PutSection)
      .Unary("GetSection", *this, &Self::GetSection)
      .Unary("ListSections", *this, &Self::ListSections)
      .Unary("PutFlow", *this, &Self::PutFlow)
      .Unary("GetFlow", *this, &Self::GetFlow)
      .Unary("ListFlows", *this, &Self::ListFlows)
      .Unary("ApplyFlowPreset", *this, &Self::ApplyFlowPreset)
      .Unary("PutFlowVideos", *this, &Self::PutFlowVideos)
      .Unary("GetFlowSchema", *this, &Self::GetFlowSchema);
}

absl::StatusOr<Section> FlowsHandler::PutSection(const Call& call,
                                                 const v1::PutSectionRequest& request) {
  RETURN_IF_ERROR(CheckSection(request));
  return flows_.PutSection(call.caller.organisation_id, Known(request));
}

absl::StatusOr<Section> FlowsHandler::GetSection(const Call& call,
                                                 const v1::GetSectionRequest& request) {
  return flows_.GetSection(call.caller.organisation_id, request.section_id());
}

absl::StatusOr<v1::ListSectionsResponse> FlowsHandler::ListSections(
    const Call& call, const v1::ListSectionsRequest&) {
  ASSIGN_OR_RETURN(const auto sections, flows_.ListSections(call.caller.organisation_id));
  v1::ListSectionsResponse response;
  for (const Section& section : sections) *response.add_sections() = section;
  return response;
}

absl::StatusOr<Flow> FlowsHandler::PutFlow(const Call& call, const v1::PutFlowRequest& request) {
  return flows_.PutFlow(call.caller.organisation_id, Known(request));
}

absl::StatusOr<Flow> FlowsHandler::GetFlow(const Call& call, const v1::GetFlowRequest& request) {
  return flows_.GetFlow(call.caller.organisation_id, request.flow_id(), request.version());
}

absl::StatusOr<v1::ListFlowsResponse> FlowsHandler::ListFlows(const Call& call,
                                                              const v1::ListFlowsRequest&) {
  ASSIGN_OR_RETURN(const auto flows, flows_.ListFlows(call.caller.organisation_id));
  v1::ListFlowsResponse response;
  for (const Flow& flow : flows) *response.add_flows() = flow;
  return response;
}

absl::StatusOr<Flow> FlowsHandler::ApplyFlowPreset(const Call& call,
                                                   const v1::ApplyFlowPresetRequest& request) {
  return flows_.PutPreset(call.caller.organisation_id, request.flow_id(), request.preset());
}

absl::StatusOr<Flow> FlowsHandler::PutFlowVideos(const Call& call,
                                                 const v1::PutFlowVideosRequest& request) {
  RETURN_IF_ERROR(CheckFlowVideos(request));
  RETURN_IF_ERROR(flows_.PutVideos(Known(request), call.caller.organisation_id));
  return flows_.GetFlow(call.caller.organisation_id, request.flow_id(), 0);
}

absl::StatusOr<v1::FlowSchema> FlowsHandler::GetFlowSchema(
    const Call& call, const v1::GetFlowSchemaRequest& request) {
  ASSIGN_OR_RETURN(const Flow flow, flows_.GetFlow(call.caller.organisation_id, request.flow_id(),
                                                   request.version()));
  v1::FlowSchema schema;
  schema.set_version(flow.version());
  *schema.mutable_schema() = SchemaJson(flow);
  return schema;
}

}  // namespace gatehouse::cases
