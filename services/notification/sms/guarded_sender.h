#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/notification/domain/sender.h"
#include "services/notification/sms/domain/stops.h"

namespace gatehouse::notification {

// Sends SMS by another sender, but for those to numbers that have asked for none since they were
// taken: RECIPIENT_STOPPED. Where the provider says that it passes nothing on to a number, that is
// kept. Of a message whose answer was lost it knows what the provider has called back with.
class GuardedSender : public Sender {
 public:
  GuardedSender(std::unique_ptr<Sender> sender, StopStore& stops)
      : sender_(std::move(sender)), stops_(stops) {}

  SendResult Send(const Outgoing& message) override;
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing& message) override;

 private:
  const std::unique_ptr<Sender> sender_;
  StopStore& stops_;
};

}  // namespace gatehouse::notification
