#include "services/notification/sandbox/sandbox_sender.h"

#include "services/common/text/sandbox.h"

namespace gatehouse::notification {

SendResult SandboxSender::Send(const Outgoing& message) {
  if (!IsSandbox(message.organisation_id)) return sender_->Send(message);
  const SandboxScenario scenario = SandboxScenarioOf(message.recipient.text());
  if (scenario == SandboxScenario::kRefused) {
    return {.outcome = Outcome::kRefused, .failure = "RECIPIENT_REFUSED"};
  }
  const absl::Duration delay =
      scenario == SandboxScenario::kLate ? kSandboxDelay : absl::ZeroDuration();
  if (!inbox_.Keep(message, channel_, delay).ok()) return {.outcome = Outcome::kTryAgain};
  return {.outcome = Outcome::kSent, .provider_id = message.message_id};
}

// The inbox takes a message once, however often it is sent.
std::optional<absl::StatusOr<std::vector<std::string>>> SandboxSender::Find(
    const Outgoing& message) {
  if (!IsSandbox(message.organisation_id)) return sender_->Find(message);
  return std::nullopt;
}

}  // namespace gatehouse::notification
