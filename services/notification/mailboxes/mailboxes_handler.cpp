#include "services/notification/mailboxes/mailboxes_handler.h"

#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"

namespace gatehouse::notification {

void MailboxesHandler::Register(Server& server) {
  server.Service("gatehouse.notification.v1.Mailboxes")
      .Unary("LookUpMailbox", *this, &MailboxesHandler::LookUpMailbox)
      .Unary("ReviveMailbox", *this, &MailboxesHandler::ReviveMailbox);
}

absl::StatusOr<v1::Mailbox> MailboxesHandler::LookUpMailbox(
    const Call& call, const v1::LookUpMailboxRequest& request) {
  ASSIGN_OR_RETURN(const auto since,
                   mailboxes_.DeadSince(call.caller.organisation_id, request.email()));
  v1::Mailbox mailbox;
  mailbox.set_dead(since.has_value());
  if (since.has_value()) *mailbox.mutable_dead_since() = gatehouse::ToProto(*since);
  return mailbox;
}

absl::StatusOr<v1::Mailbox> MailboxesHandler::ReviveMailbox(
    const Call& call, const v1::ReviveMailboxRequest& request) {
  RETURN_IF_ERROR(mailboxes_.Revive(call.caller.organisation_id, request.email()));
  return v1::Mailbox();
}

}  // namespace gatehouse::notification
