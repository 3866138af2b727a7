#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/notification/sandbox/store/postgres_inbox.h"

namespace gatehouse::notification {

constexpr absl::Duration kSandboxDelay = absl::Minutes(1);  // Of a message that is late.

// Sends messages by another sender, but for those of sandboxes, which go to their inbox as their
// recipient says (SandboxScenarioOf): of them that one hears nothing.
class SandboxSender : public Sender {
 public:
  SandboxSender(std::unique_ptr<Sender> sender, Channel channel, PostgresInbox& inbox)
      : sender_(std::move(sender)), channel_(channel), inbox_(inbox) {}

  SendResult Send(const Outgoing& message) override;
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing& message) override;

 private:
  const std::unique_ptr<Sender> sender_;
  const Channel channel_;
  PostgresInbox& inbox_;
};

}  // namespace gatehouse::notification
