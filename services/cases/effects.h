#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "services/cases/domain/case.h"
#include "services/common/jobs/outbox.h"

namespace gatehouse::cases {

// What other services hear of a change.

// The case's invitations follow it as it is now; nothing: it is gone. Whoever adds this holds the
// case's row, so that what is said of one case is said in its order.
void AddFollow(const std::string& case_id, const std::optional<Case>& now,
               const std::string& author, OutboxCalls& calls);
// It is gone since then: its invitations are revoked, what the others have of it is put aside
// (removals.proto), and the event feed has `case.deleted`. As above.
void AddDeleted(const std::string& case_id, absl::Time delete_time, const std::string& author,
                OutboxCalls& calls);

}  // namespace gatehouse::cases
