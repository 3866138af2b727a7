#pragma once

#include <string>
#include <vector>

#include "services/common/base/status.h"
#include "services/invitation/domain/directory.h"
#include "services/invitation/domain/policy.h"

namespace gatehouse::invitation {

// Every condition that stands against inviting this contact, by its type (see CreateInvitation in
// the contract); none: it may be invited. `invitations` are those of the case; `again` is the one
// that is being sent again, which does not stand in its own way.
std::vector<Violation> Preflight(const ContactProfile& contact, const CaseProfile& mirrored,
                                 const CaseDocuments& documents, const SmsStatus& sms,
                                 const Policy& policy);

std::vector<Violation> CheckCap(const std::vector<Invitation>& invitations,
                                const std::string& contact_id, const std::string& again,
                                const Policy& policy, absl::Time now);

// OK, or INVITATION_NOT_ALLOWED with all of them.
absl::Status RefuseIfAny(const std::vector<Violation>& violations);

}  // namespace gatehouse::invitation
