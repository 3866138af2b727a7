#include "services/notification/domain/delivery.h"

#include <algorithm>
#include <cmath>

#include "absl/random/random.h"
#include "services/common/base/status.h"

namespace gatehouse::notification {
namespace {

constexpr int kAttemptsMax = 300;  // About three days' worth.
// What a provider has not finished taking cannot be found there yet.
constexpr absl::Duration kSettling = absl::Seconds(3);
// What an attempt takes at most, and some: nothing is sent by whose claim might end meanwhile.
constexpr absl::Duration kAttempt = absl::Seconds(20);
// However long a provider asks to be left alone.
constexpr absl::Duration kWaitMax = absl::Hours(1);
constexpr absl::Duration kRecordAgain = absl::Milliseconds(250);

Verdict Postponed(const Claim& claim, bool unsure, absl::Duration asked = absl::ZeroDuration()) {
  if (claim.attempts >= kAttemptsMax) {
    return {.state = MessageState::kFailed, .failure = "GAVE_UP"};
  }
  const absl::Duration wait = std::max(Backoff(claim.attempts), std::min(asked, kWaitMax));
  return {.wait = unsure ? std::max(wait, kSettling) : wait, .unsure = unsure};
}

Verdict VerdictOn(const Claim& claim, const SendResult& result) {
  if (result.outcome == Outcome::kSent) {
    return {.state = MessageState::kSent, .provider_id = result.provider_id};
  }
  if (result.outcome == Outcome::kRefused) {
    return {.state = MessageState::kFailed, .failure = result.failure};
  }
  return Postponed(claim, result.outcome == Outcome::kUnsure, result.wait);
}

// A database that is away for a moment must not make an e-mail leave twice: as long as the claim
// holds, what is known is worth keeping.
absl::StatusOr<MessageState> Conclude(Store& store, const Clock& clock, const Claim& claim,
                                      const Verdict& verdict) {
  while (true) {
    const absl::Status status = store.Record(claim, verdict);
    if (status.ok()) return verdict.state;
    if (clock.Now() >= claim.held_until) return status;
    absl::SleepFor(kRecordAgain);
  }
}

// Whether the attempt whose answer was lost did arrive, in which case it is recorded as sent. An
// error where the provider, or the store, cannot be asked.
absl::StatusOr<bool> Arrived(Store& store, Sender& sender, const Claim& claim) {
  const auto found = sender.Find(*claim.outgoing);
  if (!found.has_value()) return false;
  RETURN_IF_ERROR(found->status());
  return store.RecordFound(claim, **found);
}

}  // namespace

absl::Duration Backoff(int attempts) {
  const double full = std::min(900.0, std::pow(2, std::clamp(attempts, 1, 20) - 1));
  return absl::Seconds(absl::Uniform(absl::BitGen(), full / 2, full));
}

absl::StatusOr<MessageState> Deliver(Store& store, Sender& sender, const Clock& clock,
                                     const Claim& claim) {
  const Verdict expired = {.state = MessageState::kExpired};
  if (!claim.outgoing.has_value()) {
    return Conclude(store, clock, claim, claim.expired ? expired : Postponed(claim, claim.unsure));
  }
  if (claim.unsure) {
    const auto arrived = Arrived(store, sender, claim);
    if (arrived.ok() && *arrived) return MessageState::kSent;
    if (!arrived.ok() && !claim.expired) {
      return Conclude(store, clock, claim, Postponed(claim, true));
    }
  }
  if (claim.expired) return Conclude(store, clock, claim, expired);
  // A process that was stopped for a while no longer knows what others did meanwhile.
  if (clock.Now() + kAttempt > claim.held_until) return absl::AbortedError("the claim has run out");
  return Conclude(store, clock, claim, VerdictOn(claim, sender.Send(*claim.outgoing)));
}

}  // namespace gatehouse::notification
