#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/secret.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// The key that all keys of a service are derived from. It rests in the service's schema, sealed
// under the first of the secret keys, and opens with any of them: so a secret key is replaced
// without a change to anything that was made under it, and a process with a wrong one finds out.
// Seals it anew where it was sealed under another than the first. Refuses (FAILED_PRECONDITION,
// with what to do) where none of them opens it.
absl::StatusOr<Secret> LoadRootKey(Postgres& postgres, const std::vector<Secret>& secret_keys);

// Refuses where the database has another one, as after a restore of a stranger's: for readiness.
// The gauge gatehouse_secret_key_time_seconds shows since when the secret key seals.
absl::Status CheckRootKey(Postgres& postgres, const Secret& root_key);

}  // namespace gatehouse
