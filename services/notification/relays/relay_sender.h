#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/notification/domain/sender.h"
#include "services/notification/relays/domain/relay.h"

namespace gatehouse::notification {

// A sender by what an organisation has set.
using MakeRelaySender = std::function<std::unique_ptr<Sender>(Channel, const RelayAccount&)>;

// Sends by the organisation's own relay where it has an active one, and by another sender where it
// has none. What its relay does badly is its own affair: it is kept for its staff, and pauses
// nobody else's messages.
class RelaySender : public Sender {
 public:
  RelaySender(std::unique_ptr<Sender> sender, Channel channel, RelayStore& relays,
              MakeRelaySender make)
      : sender_(std::move(sender)), channel_(channel), relays_(relays), make_(std::move(make)) {}

  SendResult Send(const Outgoing& message) override;
  std::optional<absl::StatusOr<std::vector<std::string>>> Find(const Outgoing& message) override;

 private:
  static constexpr size_t kKept = 16;  // Senders, with their connections.
  struct Kept {
    std::string version;
    std::unique_ptr<Sender> sender;
  };
  Sender& Of(const std::string& organisation_id, const RelayAccount& account);

  const std::unique_ptr<Sender> sender_;
  const Channel channel_;
  RelayStore& relays_;
  const MakeRelaySender make_;
  std::map<std::string, Kept> kept_;  // By organisation.
};

}  // namespace gatehouse::notification
