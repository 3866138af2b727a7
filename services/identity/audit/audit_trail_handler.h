#pragma once

#include <memory>

#include "gatehouse/identity/v1/audit_trail.pb.h"
#include "services/common/rpc/server.h"
#include "services/common/rpc/stream.h"
#include "services/identity/audit/audit_trail.h"

namespace gatehouse::identity {

// The RPCs of proto/gatehouse/identity/v1/audit_trail.proto.
class AuditTrailHandler {
 public:
  explicit AuditTrailHandler(PostgresAuditChain& chain) : chain_(chain) {}
  void Register(Server& server);

  absl::StatusOr<v1::AuditVerification> VerifyAuditTrail(
      const Call& call, const v1::VerifyAuditTrailRequest& request);
  absl::StatusOr<std::unique_ptr<Source<v1::ExportAuditTrailResponse>>> ExportAuditTrail(
      const Call& call, const v1::ExportAuditTrailRequest& request);

 private:
  PostgresAuditChain& chain_;
};

}  // namespace gatehouse::identity
