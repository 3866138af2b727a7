#pragma once

#include <string>
#include <vector>

#include "services/common/jobs/outbox.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// Puts everything that others must hear of a change into the outbox, in the change's transaction;
// the rows' ids. `version` grows with each change of the case's invitations.
std::vector<std::string> AddEffects(Outbox& outbox, Transaction& transaction, const Change& change,
                                    int64_t version);

}  // namespace gatehouse::invitation
