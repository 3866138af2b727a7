#pragma once

#include "gatehouse/cases/v1/export.pb.h"
#include "services/cases/exports/store/export_store.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/export.proto.
class ExportHandler {
 public:
  explicit ExportHandler(ExportStore& store) : store_(store) {}
  void Register(Server& server) {
    server.Service("gatehouse.cases.v1.ContactExport")
        .Unary("IdentifyContact", *this, &ExportHandler::IdentifyContact)
        .Unary("ExportContact", *this, &ExportHandler::ExportContact);
  }

  absl::StatusOr<v1::IdentifyContactResponse> IdentifyContact(
      const Call& call, const v1::IdentifyContactRequest& request) {
    return store_.Identify(call.caller.organisation_id, request.invited());
  }
  absl::StatusOr<common::v1::ExportContactResponse> ExportContact(
      const Call& call, const common::v1::ExportContactRequest& request) {
    return store_.Export(call.caller.organisation_id, request);
  }

 private:
  ExportStore& store_;
};

}  // namespace gatehouse::cases
