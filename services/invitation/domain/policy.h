#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gatehouse/invitation/v1/invitations.pb.h"
#include "services/common/base/caller.h"
#include "services/invitation/domain/invitation.h"

namespace gatehouse::invitation {

// The rules under which an organisation invites: the contract's own message, with every default in
// its place. To add a field is to add it there, and to read it here.
using Policy = v1::Policy;

// Refuses a policy whose fields are each well formed, and that makes no sense all the same:
// INVALID_REQUEST, UNKNOWN_TAG, TAG_MISSING.
absl::Status CheckPolicy(const Policy& policy);

// Whether clients enter by a password.
bool HasPasswords(const Policy& policy);

// Whether a client who enters is ever sent a code by SMS.
bool SendsCodes(const Policy& policy);

// Whether this link is all that is asked for: the policy lets it, and it was made to live as
// shortly, and to serve as seldom, as that asks for.
bool TakesLinkAlone(const Policy& policy, const Link& link);

// Whether a passkey takes the place of a code by SMS, and whether it is enough by itself.
bool TakesPasskeys(const Policy& policy);
bool TakesPasskeysAlone(const Policy& policy);
// Whether it leads in by a link, before which nothing is asked for.
bool TakesPasskeysByLink(const Policy& policy);

// How a client enters by a link that is made now, as a sentence of the invitation's e-mail.
std::string Entering(const Policy& policy);

// What a preset sets, as the contract has it.
Policy PresetOf(v1::PolicyPreset preset);

// When a link that is made now ends.
absl::Time LinkEnd(const Policy& policy, absl::Time now);

// What an invited client sees where the invitation does not say.
Visibility VisibilityOf(const Policy& policy);

// Whether a contact of this role may be invited.
bool IsEligible(const Policy& policy, const std::string& role);

// Refuses UNKNOWN_TAG and TAG_MISSING for a text whose tags were edited. Empty texts are fine.
absl::Status CheckEmailText(const std::string& subject, const std::string& body);

}  // namespace gatehouse::invitation
