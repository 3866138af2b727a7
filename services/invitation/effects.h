#pragma once

#include "services/common/jobs/outbox.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// Everything that others must hear of a change. `version` grows with each change of the case's
// invitations.
OutboxCalls EffectsOf(const Change& change, int64_t version);

}  // namespace gatehouse::invitation
