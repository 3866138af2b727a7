#pragma once

#include "gatehouse/identity/v1/export.pb.h"
#include "services/common/rpc/server.h"
#include "services/identity/exports/store/export_store.h"

namespace gatehouse::identity {

// The RPC of proto/gatehouse/identity/v1/export.proto.
class ExportHandler {
 public:
  explicit ExportHandler(Postgres& postgres) : postgres_(postgres) {}
  void Register(Server& server) {
    server.Service("gatehouse.identity.v1.ContactExport")
        .Unary("ExportContact", *this, &ExportHandler::ExportContact);
  }

  absl::StatusOr<common::v1::ExportContactResponse> ExportContact(
      const Call& call, const common::v1::ExportContactRequest& request) {
    return ExportKept(postgres_, call.caller.organisation_id, request);
  }

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::identity
