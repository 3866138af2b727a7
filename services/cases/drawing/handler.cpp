#include "services/cases/drawing/handler.h"

#include "services/cases/drawing/survey.h"

namespace gatehouse::cases {
namespace {

// Who sees only its own does not learn who else drew.
v1::Drawing Shown(v1::Drawing drawing, const CaseAccess& access) {
  const bool own = access.visibility == Visibility::kOwn;
  if (own && drawing.contact_id() != access.contact_id) drawing.clear_contact_id();
  return drawing;
}

}  // namespace

void DrawingsHandler::Register(Server& server) {
  server.Service("gatehouse.cases.v1.Drawings")
      .Unary("GetDrawing", *this, &DrawingsHandler::GetDrawing);
  server.Service("gatehouse.cases.v1.PortalDrawings")
      .Unary("GetPortalDrawing", *this, &DrawingsHandler::GetPortalDrawing)
      .Unary("PutPortalDrawing", *this, &DrawingsHandler::PutPortalDrawing);
}

absl::StatusOr<v1::Drawing> DrawingsHandler::GetDrawing(const Call& call,
                                                        const v1::GetDrawingRequest& request) {
  return drawings_.Get(call.caller.organisation_id, request.case_id());
}

absl::StatusOr<v1::Drawing> DrawingsHandler::GetPortalDrawing(
    const Call& call, const v1::GetDrawingRequest& request) {
  RETURN_IF_ERROR(gate_.Enter(call).status());
  ASSIGN_OR_RETURN(const v1::Drawing drawing,
                   drawings_.Get(call.caller.organisation_id, request.case_id()));
  return Shown(drawing, *call.caller.AccessTo(request.case_id()));
}

absl::StatusOr<v1::Drawing> DrawingsHandler::PutPortalDrawing(
    const Call& call, const v1::PutPortalDrawingRequest& request) {
  RETURN_IF_ERROR(gate_.Enter(call).status());
  const CaseAccess& access = *call.caller.AccessTo(request.case_id());
  ASSIGN_OR_RETURN(const v1::Drawing surveyed, Survey(request));
  ASSIGN_OR_RETURN(const v1::Drawing drawing,
                   drawings_.Put(call.caller.organisation_id, {.case_id = request.case_id(),
                                                               .contact_id = access.contact_id,
                                                               .etag = request.etag(),
                                                               .drawing = surveyed}));
  return Shown(drawing, access);
}

}  // namespace gatehouse::cases
