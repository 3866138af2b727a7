#pragma once

#include "gatehouse/invitation/v1/invitations.pb.h"
#include "services/invitation/domain/policy.h"

namespace gatehouse::invitation {

v1::Policy ToProto(const Policy& policy);

// Applies an update: the fields that the mask names or, without a mask, those that are set. A named
// field that is not set goes back to its default. Refuses INVALID_REQUEST, UNKNOWN_TAG,
// TAG_MISSING.
absl::Status Apply(const v1::UpdatePolicyRequest& request, PolicyChanges& changes);

}  // namespace gatehouse::invitation
