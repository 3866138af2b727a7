#pragma once

#include <string>

#include "gatehouse/notification/v1/mailboxes.pb.h"
#include "services/common/rpc/server.h"
#include "services/notification/mailboxes/domain/mailboxes.h"

namespace gatehouse::notification {

// The RPCs of proto/gatehouse/notification/v1/mailboxes.proto.
class MailboxesHandler {
 public:
  explicit MailboxesHandler(MailboxStore& mailboxes) : mailboxes_(mailboxes) {}
  void Register(Server& server);

  absl::StatusOr<v1::Mailbox> LookUpMailbox(const Call& call,
                                            const v1::LookUpMailboxRequest& request);
  absl::StatusOr<v1::Mailbox> ReviveMailbox(const Call& call,
                                            const v1::ReviveMailboxRequest& request);

 private:
  MailboxStore& mailboxes_;
};

}  // namespace gatehouse::notification
