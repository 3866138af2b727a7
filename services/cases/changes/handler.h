#pragma once

#include "gatehouse/cases/v1/changes.pb.h"
#include "services/cases/changes/store/change_store.h"
#include "services/cases/domain/places.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPC of proto/gatehouse/cases/v1/changes.proto.
class ChangesHandler {
 public:
  ChangesHandler(ChangeStore& changes, Places& places) : changes_(changes), places_(places) {}
  void Register(Server& server);

  absl::StatusOr<v1::ListCaseChangesResponse> ListCaseChanges(
      const Call& call, const v1::ListCaseChangesRequest& request);

 private:
  ChangeStore& changes_;
  Places& places_;
};

}  // namespace gatehouse::cases
