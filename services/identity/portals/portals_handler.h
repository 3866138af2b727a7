#pragma once

#include "gatehouse/identity/v1/portals.pb.h"
#include "services/common/redis/redis.h"
#include "services/common/rpc/server.h"
#include "services/identity/portals/store/portal_store.h"

namespace gatehouse::identity {

// The RPCs of proto/gatehouse/identity/v1/portals.proto.
class PortalsHandler {
 public:
  PortalsHandler(PortalStore& portals, Redis& redis) : portals_(portals), redis_(redis) {}
  void Register(Server& server);

  absl::StatusOr<v1::FollowPortalResponse> FollowPortal(const Call& call,
                                                        const v1::FollowPortalRequest& request);
  absl::StatusOr<v1::FollowAcceptanceResponse> FollowAcceptance(
      const Call& call, const v1::FollowAcceptanceRequest& request);

 private:
  PortalStore& portals_;
  Redis& redis_;
};

}  // namespace gatehouse::identity
