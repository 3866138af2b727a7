#pragma once

#include <filesystem>

#include "absl/status/status.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::documents {

// Makes the folder the blob store of this database, once, and may be run at each start: afterwards
// it only looks whether the folder is still that store. A folder whose bytes a database knows, but
// that has no marker yet, is one too (an older version's, or one that was restored).
//
// FAILED_PRECONDITION, with a sentence for an operator, where the database knows another store than
// the folder is, or knows documents of which the folder has nothing: a volume is not mounted then,
// or a wrong one is.
absl::Status InitStore(const std::filesystem::path& root, Postgres& postgres);

}  // namespace gatehouse::documents
