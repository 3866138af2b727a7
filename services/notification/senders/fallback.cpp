#include "services/notification/senders/fallback.h"

#include <algorithm>

#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::notification {

bool Circuit::MayAsk() {
  const std::lock_guard lock(mutex_);
  if (failures_ < kFailures) return true;
  if (clock_.Now() < next_) return false;
  next_ = clock_.Now() + kRest;  // The others leave it alone until this one knows.
  return true;
}

void Circuit::Worked() {
  const std::lock_guard lock(mutex_);
  if (failures_ >= kFailures) LogInfo("sms.provider_back", {{"provider", name_}});
  failures_ = 0;
  SetGauge("gatehouse_sms_provider_open", {{"provider", name_}}, 0);
}

void Circuit::Failed() {
  const std::lock_guard lock(mutex_);
  if (++failures_ < kFailures) return;
  if (failures_ == kFailures) LogWarning("sms.provider_left_alone", {{"provider", name_}});
  next_ = clock_.Now() + kRest;
  SetGauge("gatehouse_sms_provider_open", {{"provider", name_}}, 1);
}

bool Circuit::is_open() const {
  const std::lock_guard lock(mutex_);
  return failures_ >= kFailures && clock_.Now() < next_;
}

SendResult FallbackSender::Send(const Outgoing& message) {
  // Where all are left alone the channel is paused as a whole, and this is its probe.
  const bool none = std::all_of(providers_.begin(), providers_.end(),
                                [](const Provider& one) { return one.circuit->is_open(); });
  SendResult last;
  for (const Provider& provider : providers_) {
    if (!none && !provider.circuit->MayAsk()) continue;
    last = provider.sender->Send(message);
    const bool answered = last.outcome == Outcome::kSent || last.outcome == Outcome::kRefused;
    if (answered || !last.away) {
      provider.circuit->Worked();
    } else {
      provider.circuit->Failed();
    }
    if (answered) return last;
    if (last.outcome != Outcome::kUnsure) continue;
    // The message waits; the others, by the next provider, need not.
    last.away = last.away && providers_.size() == 1;
    return last;
  }
  return last;
}

std::optional<absl::StatusOr<std::vector<std::string>>> FallbackSender::Find(
    const Outgoing& message) {
  std::vector<std::string> ids;
  for (const Provider& provider : providers_) {
    auto found = provider.sender->Find(message);
    if (!found.has_value()) continue;
    if (!found->ok()) return found;
    ids.insert(ids.end(), (*found)->begin(), (*found)->end());
  }
  return ids;
}

}  // namespace gatehouse::notification
