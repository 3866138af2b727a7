#include "services/notification/domain/delivery.h"

#include "services/common/base/status.h"

namespace gatehouse::notification {
namespace {

constexpr int kFailuresMax = 300;  // About three days' worth.
constexpr absl::Duration kRecordAgain = absl::Milliseconds(250);

const Verdict kExpired = {.state = MessageState::kExpired};

Verdict VerdictOn(const Claim& claim, const SendResult& result) {
  if (result.outcome == Outcome::kSent) {
    return {.state = MessageState::kSent, .provider_id = result.provider_id};
  }
  if (result.outcome == Outcome::kRefused) {
    return {.state = MessageState::kFailed, .failure = result.failure};
  }
  if (!result.away && claim.failures + 1 >= kFailuresMax) {
    return {.state = MessageState::kFailed, .failure = "GAVE_UP"};
  }
  return {.unsure = result.outcome == Outcome::kUnsure};
}

// A database that is away for a moment must not make an e-mail leave twice: as long as the claim
// holds, what is known is worth keeping.
absl::StatusOr<Delivery> Conclude(Store& store, const Clock& clock, const Claim& claim,
                                  const Verdict& verdict, const SendResult& result = {}) {
  while (true) {
    const absl::Status status = store.Record(claim, verdict);
    if (status.ok()) return Delivery{verdict.state, result.away, result.wait};
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

absl::StatusOr<Delivery> Deliver(Store& store, Sender& sender, const Clock& clock,
                                 const Claim& claim) {
  const auto expired = [&] { return clock.Now() >= claim.expire_time; };
  Standing standing;
  if (claim.attempts > 1) {
    ASSIGN_OR_RETURN(standing, store.Look(claim.organisation_id, claim.message_id));
  }
  if (!standing.waits) return Delivery{MessageState::kSent};
  if (!claim.outgoing.has_value()) {
    return Conclude(store, clock, claim, expired() ? kExpired : VerdictOn(claim, {}));
  }
  const bool forgotten = claim.attempts > standing.attempts + 1;
  if (standing.unsure_for.has_value() && *standing.unsure_for < kSettling && !expired()) {
    return Delivery{.wait = kSettling - *standing.unsure_for};
  }
  if (standing.unsure_for.has_value() || forgotten) {
    const auto arrived = Arrived(store, sender, claim);
    if (arrived.ok() && *arrived) return Delivery{MessageState::kSent};
    if (!arrived.ok() && !expired()) {
      return Conclude(store, clock, claim, {.unsure = true}, {.away = true});
    }
  }
  // A process that was stopped for a while no longer knows what others did meanwhile.
  if (clock.Now() + kAttempt > claim.held_until) return absl::AbortedError("the claim has run out");
  if (expired()) return Conclude(store, clock, claim, kExpired);
  const SendResult result = sender.Send(*claim.outgoing);
  return Conclude(store, clock, claim, VerdictOn(claim, result), result);
}

}  // namespace gatehouse::notification
