#include "services/notification/mailboxes/mailbox_sender.h"

namespace gatehouse::notification {

SendResult MailboxSender::Send(const Outgoing& message) {
  const std::string& address = message.recipient.text();
  const auto dead = mailboxes_.DeadSince(message.organisation_id, address);
  if (!dead.ok()) return {.outcome = Outcome::kTryAgain};  // The server is not to blame.
  if (dead->has_value()) return {.outcome = Outcome::kRefused, .failure = "MAILBOX_DEAD"};
  SendResult result = sender_->Send(message);
  // What cannot be kept now, the next mail there finds out again.
  if (result.recipient_is_dead) (void)mailboxes_.Bury(message.organisation_id, address);
  return result;
}

}  // namespace gatehouse::notification
