#pragma once

#include "gatehouse/invitation/v1/entrances.pb.h"
#include "services/common/rpc/server.h"
#include "services/invitation/domain/entrances.h"

namespace gatehouse::invitation {

// The RPCs of proto/gatehouse/invitation/v1/entrances.proto.
class EntrancesHandler {
 public:
  explicit EntrancesHandler(Entrances& entrances) : entrances_(entrances) {}
  void Register(Server& server);

  absl::StatusOr<v1::Entrance> GetEntrance(const Call& call, const v1::GetEntranceRequest& request);

 private:
  Entrances& entrances_;
};

}  // namespace gatehouse::invitation
