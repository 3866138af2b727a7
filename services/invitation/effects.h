#pragma once

#include "services/common/jobs/outbox.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// Everything that others must hear of a change. `version` grows with each change of the case's
// invitations.
OutboxCalls EffectsOf(const Change& change, int64_t version);

// The change's note, on this case.
void AddNote(const Change& change, const std::string& case_id, OutboxCalls& calls);

}  // namespace gatehouse::invitation
