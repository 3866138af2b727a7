#pragma once

#include "services/common/postgres/postgres.h"
#include "services/identity/domain/access_store.h"

namespace gatehouse::identity {

// What AccessStore says of the two, in a transaction.
void CountFailure(Transaction& tx, const FactorKey& key);
absl::Status CountTry(Transaction& tx, const FactorKey& key);

}  // namespace gatehouse::identity
