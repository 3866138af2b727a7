#include "services/identity/portals/portals_handler.h"

#include "services/common/auth/auth.h"

namespace gatehouse::identity {

void PortalsHandler::Register(Server& server) {
  server.Service("gatehouse.identity.v1.PortalFollower")
      .Unary("FollowPortal", *this, &PortalsHandler::FollowPortal)
      .Unary("FollowAcceptance", *this, &PortalsHandler::FollowAcceptance);
}

absl::StatusOr<v1::FollowPortalResponse> PortalsHandler::FollowPortal(
    const Call& call, const v1::FollowPortalRequest& request) {
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const int64_t version,
                   portals_.Follow(organisation_id, {request.enabled(), request.settings_version(),
                                                     request.terms_version()}));
  // Said again where it was said before: nobody knows whether it was heard. Those that could not be
  // told forget by themselves.
  (void)PublishRevocation(redis_, {PortalStateId(organisation_id, version - 1)});
  return v1::FollowPortalResponse();
}

absl::StatusOr<v1::FollowAcceptanceResponse> PortalsHandler::FollowAcceptance(
    const Call& call, const v1::FollowAcceptanceRequest& request) {
  RETURN_IF_ERROR(
      portals_.Accept(call.caller.organisation_id, request.account_id(), request.terms_version()));
  return v1::FollowAcceptanceResponse();
}

}  // namespace gatehouse::identity
