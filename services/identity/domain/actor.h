#pragma once

#include <string>

namespace gatehouse::identity {

// A member of the CRM's staff, as the audit trail names him.
struct Actor {
  std::string id, name;
};

}  // namespace gatehouse::identity
