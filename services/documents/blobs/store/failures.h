#pragma once

#include <string>

#include "absl/status/status.h"

namespace gatehouse::documents {

// What a store could not do, for who wanted to store or read: both say when to come back.
//
// STORAGE_UNAVAILABLE, which is logged with `what` was tried and `why` it did not go.
absl::Status StoreAway(const char* what, const std::string& why);
// STORAGE_FULL.
absl::Status StoreFull();

}  // namespace gatehouse::documents
