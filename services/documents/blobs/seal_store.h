#pragma once

#include "absl/status/statusor.h"
#include "services/common/postgres/postgres.h"
#include "services/documents/blobs/store/sealed_blobs.h"

namespace gatehouse::documents {

// Encrypts the blobs of all documents of before there was encryption, while they are served: how
// many. May be broken off and run again, also by several at once.
absl::StatusOr<int> SealStore(Postgres& postgres, SealedBlobs& blobs);

}  // namespace gatehouse::documents
