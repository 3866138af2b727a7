#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/invitation/domain/store.h"

namespace gatehouse::invitation {

// Says that an invitation has expired, if it has by `now`: it may have been accepted, revoked or
// sent anew since somebody meant to look. Harmless to repeat.
absl::Status TellIfExpired(Store& store, const std::string& organisation_id,
                           const std::string& case_id, const std::string& invitation_id,
                           absl::Time now);

}  // namespace gatehouse::invitation
