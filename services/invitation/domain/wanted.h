#pragma once

#include <string>
#include <vector>

#include "services/invitation/domain/directory.h"
#include "services/invitation/domain/invitation.h"

namespace gatehouse::invitation {

// What an invitation's e-mail says of the documents that its contact is asked for, as far as it
// will see them: a paragraph of 900 bytes at most, or nothing.
std::string WantedText(const std::vector<WantedDocument>& wanted, const Invitation& invitation);

}  // namespace gatehouse::invitation
