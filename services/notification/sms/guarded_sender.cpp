#include "services/notification/sms/guarded_sender.h"

namespace gatehouse::notification {
namespace {

// Twilio's, of who has answered STOP to this sender.
constexpr char kUnsubscribed[] = "PROVIDER_REFUSED 21610";

SendResult Stopped() { return {.outcome = Outcome::kRefused, .failure = "RECIPIENT_STOPPED"}; }

}  // namespace

SendResult GuardedSender::Send(const Outgoing& message) {
  const auto stop = stops_.Find(message.organisation_id, message.recipient.text());
  // Who cannot be asked whether they want it, is not sent it yet; the provider is not to blame.
  if (!stop.ok()) return {.outcome = Outcome::kTryAgain};
  if (stop->stopped) return Stopped();
  SendResult result = sender_->Send(message);
  if (result.outcome != Outcome::kRefused || result.failure != kUnsubscribed) return result;
  (void)stops_.Learn(message.unpaid ? message.organisation_id : "", message.recipient.text());
  return Stopped();
}

std::optional<absl::StatusOr<std::vector<std::string>>> GuardedSender::Find(
    const Outgoing& message) {
  const auto known = stops_.ProviderIdOf(message.organisation_id, message.message_id);
  if (known.ok() && !known->empty()) return std::vector<std::string>{*known};
  return sender_->Find(message);
}

}  // namespace gatehouse::notification
