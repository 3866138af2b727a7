#pragma once

#include "services/common/base/clock.h"
#include "services/notification/domain/sender.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// How long to wait after an attempt that failed: doubling from a second to a quarter of an hour,
// half of it by chance, so that what failed together does not come back together.
absl::Duration Backoff(int attempts);

// Hands one claimed message over, records what became of it, and says so: kQueued if it is to be
// tried again. What may have been taken already is asked after first, so that nothing is sent
// twice. An error means that nothing could be recorded: the claim runs out by itself, and then the
// message counts as one that may have been taken.
absl::StatusOr<MessageState> Deliver(Store& store, Sender& sender, const Clock& clock,
                                     const Claim& claim);

}  // namespace gatehouse::notification
