#include "services/notification/relays/relay_sender.h"

namespace gatehouse::notification {

Sender& RelaySender::Of(const std::string& organisation_id, const RelayAccount& account) {
  const auto found = kept_.find(organisation_id);
  if (found != kept_.end() && found->second.version == account.version) {
    return *found->second.sender;
  }
  if (kept_.size() >= kKept) kept_.clear();
  Kept& kept = kept_[organisation_id];
  kept = {account.version, make_(channel_, account)};
  return *kept.sender;
}

SendResult RelaySender::Send(const Outgoing& message) {
  const std::string& id = message.organisation_id;
  const auto relay = relays_.Find(id, channel_);
  if (!relay.ok()) return {.outcome = Outcome::kTryAgain};
  const bool active = relay->has_value() && (*relay)->active.has_value();
  // What was paid for goes by whom it was paid to.
  if (!active || (channel_ == Channel::kSms && !message.unpaid)) {
    if (!message.unpaid) return sender_->Send(message);
    return {.outcome = Outcome::kRefused, .failure = "RELAY_GONE"};
  }
  SendResult result = Of(id, *(*relay)->active).Send(message);
  const bool went = result.outcome == Outcome::kSent || result.outcome == Outcome::kRefused;
  if (!went || !(*relay)->failure.empty()) {
    (void)relays_.Note(id, channel_, went ? "" : result.detail);
  }
  result.away = false;
  return result;
}

std::optional<absl::StatusOr<std::vector<std::string>>> RelaySender::Find(const Outgoing& message) {
  if (!message.unpaid) return sender_->Find(message);
  using Ids = absl::StatusOr<std::vector<std::string>>;
  const auto relay = relays_.Find(message.organisation_id, channel_);
  if (!relay.ok()) return Ids(relay.status());
  // Whom to ask is gone: it is not sent again either.
  if (!relay->has_value() || !(*relay)->active.has_value()) return Ids(std::vector<std::string>());
  return Of(message.organisation_id, *(*relay)->active).Find(message);
}

}  // namespace gatehouse::notification
