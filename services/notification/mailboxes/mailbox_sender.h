#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/notification/domain/sender.h"
#include "services/notification/mailboxes/domain/mailboxes.h"

namespace gatehouse::notification {

// Sends mail by another sender, but for that to mailboxes which refused the organisation's for good
// before: MAILBOX_DEAD. What is refused so is kept.
class MailboxSender : public Sender {
 public:
  MailboxSender(std::unique_ptr<Sender> sender, MailboxStore& mailboxes)
      : sender_(std::move(sender)), mailboxes_(mailboxes) {}

  SendResult Send(const Outgoing& message) override;
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing& message) override {
    return sender_->Find(message);
  }

 private:
  const std::unique_ptr<Sender> sender_;
  MailboxStore& mailboxes_;
};

}  // namespace gatehouse::notification
