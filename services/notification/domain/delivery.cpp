#include "services/notification/domain/delivery.h"

#include <algorithm>
#include <cmath>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "services/common/log.h"
#include "services/common/metrics.h"

namespace gatehouse::notification {
namespace {

constexpr int kAttemptsMax = 30;
constexpr absl::Duration kPoll = absl::Seconds(1);

// What the provider took under an id that no message of ours has: the attempt whose answer was
// lost. Empty where it took nothing; an error while it cannot be asked.
absl::StatusOr<std::string> LostAnswer(Store& store, Sender& sender, const Outgoing& message) {
  const auto found = sender.Find(message);
  if (!found.has_value()) return "";
  RETURN_IF_ERROR(found->status());
  ASSIGN_OR_RETURN(const auto known, store.KnownProviderIds(message.organisation_id, **found));
  for (const std::string& id : **found) {
    if (std::find(known.begin(), known.end(), id) == known.end()) return id;
  }
  return "";
}

absl::Status Record(Store& store, const Claim& claim, const SendResult& result) {
  Count("gatehouse_messages_total", {{"outcome", absl::StrCat(static_cast<int>(result.outcome))}});
  if (result.outcome == Outcome::kSent) return store.RecordSent(claim.outgoing, result.provider_id);
  if (result.outcome == Outcome::kRefused) {
    return store.RecordGivenUp(claim.outgoing, MessageState::kFailed, result.failure);
  }
  const bool unsure = result.outcome == Outcome::kUnsure;
  if (claim.attempts >= kAttemptsMax && !unsure) {
    return store.RecordGivenUp(claim.outgoing, MessageState::kFailed, "GAVE_UP");
  }
  return store.RecordPostponed(claim.outgoing, Backoff(claim.attempts), unsure);
}

absl::Status TryDeliver(Store& store, Sender& sender, const Claim& claim) {
  if (claim.unsure) {
    const auto taken = LostAnswer(store, sender, claim.outgoing);
    if (!taken.ok() && !claim.expired) {
      return store.RecordPostponed(claim.outgoing, Backoff(claim.attempts), true);
    }
    if (taken.ok() && !taken->empty()) return store.RecordSent(claim.outgoing, *taken);
  }
  if (claim.expired) return store.RecordGivenUp(claim.outgoing, MessageState::kExpired, "");
  return Record(store, claim, sender.Send(claim.outgoing));
}

}  // namespace

absl::Duration Backoff(int attempts) {
  const double full = std::min(900.0, std::pow(2, std::clamp(attempts, 1, 20) - 1));
  return absl::Seconds(absl::Uniform(absl::BitGen(), full / 2, full));
}

void Deliver(Store& store, Sender& sender, const Claim& claim) {
  const absl::Status status = TryDeliver(store, sender, claim);
  if (status.ok()) return;
  // The claim runs out by itself, and then the message counts as one that may have been sent.
  LogWarning("delivery.unrecorded",
             {{"message", claim.outgoing.message_id}, {"error", std::string(status.message())}});
}

Delivery::Delivery(Store& store, Channel channel, int threads,
                   std::function<std::unique_ptr<Sender>()> make_sender)
    : store_(store), channel_(channel), make_sender_(std::move(make_sender)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Delivery::~Delivery() {
  stopping_ = true;
  for (std::thread& thread : threads_) {
    (void)thread;
    wakeup_.Signal();
  }
  for (std::thread& thread : threads_) thread.join();
}

void Delivery::Run() {
  const std::unique_ptr<Sender> sender = make_sender_();
  while (!stopping_) {
    const auto claim = store_.ClaimOne(channel_);
    if (claim.ok() && claim->has_value()) {
      wakeup_.Signal();  // There may be more: another thread may look meanwhile.
      Deliver(store_, *sender, **claim);
    } else {
      wakeup_.Wait(kPoll);
    }
  }
}

}  // namespace gatehouse::notification
