#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/invitation/domain/directory.h"

namespace gatehouse::invitation {

// The portal that was asked for, as the organisation has it; empty: none was. Refuses one that is
// none of the organisation's.
absl::StatusOr<std::string> PortalOf(const std::string& asked,
                                     const OrganisationProfile& organisation);

}  // namespace gatehouse::invitation
