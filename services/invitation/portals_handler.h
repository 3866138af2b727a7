#pragma once

#include "gatehouse/invitation/v1/portals.pb.h"
#include "services/common/rpc/server.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// The RPCs of proto/gatehouse/invitation/v1/portals.proto.
class PortalsHandler {
 public:
  explicit PortalsHandler(Store& store) : store_(store) {}
  void Register(Server& server) {
    server.Service("gatehouse.invitation.v1.PortalFollower")
        .Unary("FollowPortal", *this, &PortalsHandler::FollowPortal);
  }

  absl::StatusOr<v1::FollowPortalResponse> FollowPortal(const Call& call,
                                                        const v1::FollowPortalRequest& request) {
    RETURN_IF_ERROR(store_.SetPortal(call.caller.organisation_id, request));
    return v1::FollowPortalResponse();
  }

 private:
  Store& store_;
};

}  // namespace gatehouse::invitation
