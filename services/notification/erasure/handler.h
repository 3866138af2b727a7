#pragma once

#include "gatehouse/notification/v1/erasure.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/notification/erasure/store/erasure_store.h"

namespace gatehouse::notification {

// The RPC of proto/gatehouse/notification/v1/erasure.proto.
class ErasureHandler {
 public:
  ErasureHandler(ErasureStore& store, Once& once) : store_(store), once_(once) {}
  void Register(Server& server) {
    server.Service("gatehouse.notification.v1.ContactErasure")
        .Unary("EraseContact", *this, &ErasureHandler::EraseContact);
  }

  absl::StatusOr<common::v1::EraseContactResponse> EraseContact(
      const Call& call, const common::v1::EraseContactRequest& request) {
    return once_.Run(call, request,
                     [&] { return store_.Erase(call.caller.organisation_id, request.subject()); });
  }

 private:
  ErasureStore& store_;
  Once& once_;
};

}  // namespace gatehouse::notification
