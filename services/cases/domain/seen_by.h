#pragma once

#include <string>

#include "services/common/base/caller.h"

namespace gatehouse::cases {

// Whose things of a case are seen: those of the contact of this id, or everybody's.
inline constexpr char kEverybody[] = "*";

// Whose a client sees.
inline std::string SeenBy(const CaseAccess& access) {
  return access.visibility == Visibility::kAll ? kEverybody : access.contact_id;
}

}  // namespace gatehouse::cases
