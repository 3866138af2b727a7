#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace gatehouse::identity {

// Refuses SCOPE_UNKNOWN for the first one that is not among those `known`, with the nearest that
// is.
absl::Status CheckScopesKnown(const std::vector<std::string>& wanted,
                              const std::set<std::string>& known);

// The least number of characters to insert, delete or replace that makes one of the other.
size_t EditDistance(const std::string& a, const std::string& b);

}  // namespace gatehouse::identity
