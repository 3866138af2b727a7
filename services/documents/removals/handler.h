#pragma once

#include "gatehouse/documents/v1/removals.pb.h"
#include "services/common/rpc/server.h"
#include "services/documents/removals/store/removal_store.h"

namespace gatehouse::documents {

// The RPC of proto/gatehouse/documents/v1/removals.proto.
class RemovalsHandler {
 public:
  explicit RemovalsHandler(Postgres& postgres) : store_(postgres) {}

  absl::StatusOr<cases::v1::RemoveCaseResponse> RemoveCase(
      const Call& call, const cases::v1::RemoveCaseRequest& request) {
    RETURN_IF_ERROR(
        store_.PutAside(call.caller.organisation_id, request.case_id(), request.removal()));
    return cases::v1::RemoveCaseResponse();
  }

 private:
  RemovalStore store_;
};

}  // namespace gatehouse::documents
