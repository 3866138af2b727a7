#pragma once

#include "gatehouse/notification/v1/sandbox.pb.h"
#include "services/common/rpc/server.h"
#include "services/notification/sandbox/store/postgres_inbox.h"

namespace gatehouse::notification {

// The RPCs of proto/gatehouse/notification/v1/sandbox.proto.
class SandboxHandler {
 public:
  explicit SandboxHandler(PostgresInbox& inbox) : inbox_(inbox) {}
  void Register(Server& server);

  absl::StatusOr<v1::ListSandboxMessagesResponse> ListSandboxMessages(
      const Call& call, const v1::ListSandboxMessagesRequest& request);

 private:
  PostgresInbox& inbox_;
};

}  // namespace gatehouse::notification
