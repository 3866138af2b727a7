#pragma once

#include "services/common/base/clock.h"
#include "services/notification/domain/sender.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// What an attempt takes at most, and some: nothing is sent by whose claim might end meanwhile.
constexpr absl::Duration kAttempt = absl::Seconds(20);
// What a provider has not finished taking cannot be found there yet.
constexpr absl::Duration kSettling = absl::Seconds(3);

// What became of a claimed message, as it was recorded.
struct Delivery {
  MessageState state = MessageState::kQueued;  // kQueued: to be tried again.
  bool away = false;    // kQueued: since the provider is away, rather than by the message's fault.
  absl::Duration wait;  // kQueued: not before; the provider asks for it, or cannot be asked yet.
};

// Hands one claimed message over, and records what became of it. What may have been taken already
// is asked after first, so that nothing is sent twice; what has lost its point is not sent, however
// late that is noticed. An error means that nothing could be recorded: then the message counts as
// one that may have been taken.
absl::StatusOr<Delivery> Deliver(Store& store, Sender& sender, const Clock& clock,
                                 const Claim& claim);

}  // namespace gatehouse::notification
