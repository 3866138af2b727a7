#pragma once

#include <vector>

#include "services/notification/templates/domain/kinds.h"

namespace gatehouse::notification {

// The kinds by which people are told of what happens, as the organisation's automatic actions say.
const std::vector<Kind>& NoticeKinds();

}  // namespace gatehouse::notification
