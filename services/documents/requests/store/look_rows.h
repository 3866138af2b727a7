#pragma once

#include <optional>
#include <string>

#include "services/common/postgres/postgres.h"

namespace gatehouse::documents {

// Plans a look at the case by then, unless an earlier one is planned; when a job must look, if this
// is the earliest. InfiniteFuture: none is needed.
std::optional<absl::Time> PlanLook(Transaction& transaction, const std::string& organisation_id,
                                   const std::string& case_id, absl::Time time);

}  // namespace gatehouse::documents
