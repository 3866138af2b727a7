#pragma once

#include "gatehouse/notification/v1/removals.pb.h"
#include "services/common/rpc/server.h"
#include "services/notification/removals/store/removal_store.h"

namespace gatehouse::notification {

// The RPC of proto/gatehouse/notification/v1/removals.proto.
class RemovalsHandler {
 public:
  explicit RemovalsHandler(Postgres& postgres) : store_(postgres) {}
  void Register(Server& server) {
    server.Service("gatehouse.notification.v1.CaseRemovals")
        .Unary("RemoveCase", *this, &RemovalsHandler::RemoveCase);
  }

  absl::StatusOr<cases::v1::RemoveCaseResponse> RemoveCase(
      const Call& call, const cases::v1::RemoveCaseRequest& request) {
    RETURN_IF_ERROR(
        store_.PutAside(call.caller.organisation_id, request.case_id(), request.removal()));
    return cases::v1::RemoveCaseResponse();
  }

 private:
  RemovalStore store_;
};

}  // namespace gatehouse::notification
