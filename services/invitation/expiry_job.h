#pragma once

#include "services/common/base/clock.h"
#include "services/common/jobs/jobs.h"
#include "services/common/jobs/outbox.h"
#include "services/invitation/domain/invitation.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// The lane of jobs that look at an invitation when its time is up.
constexpr char kExpiryLane[] = "expiry";

// Adds such a job, where the invitation waits and has an end.
void AddExpiry(const Invitation& invitation, OutboxCalls& calls);

// What works on the lane.
Jobs::Work ExpiryWork(Store& store, const Clock& clock);

}  // namespace gatehouse::invitation
