#pragma once

#include <optional>
#include <string>

#include "services/cases/domain/case.h"
#include "services/common/jobs/outbox.h"

namespace gatehouse::cases {

// What other services hear of a change.

// The case's invitations follow it as it is now; nothing: it is gone. Whoever adds this holds the
// case's row, so that what is said of one case is said in its order.
void AddFollow(const std::string& case_id, const std::optional<Case>& now,
               const std::string& author, OutboxCalls& calls);
// The event feed has `case.deleted`.
void AddDeleted(const std::string& case_id, OutboxCalls& calls);

}  // namespace gatehouse::cases
