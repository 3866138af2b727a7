#pragma once

#include "absl/status/status.h"
#include "services/common/postgres/postgres.h"
#include "services/documents/blobs/domain/blobs.h"

namespace gatehouse::documents {

// Makes the folder, or the bucket, the blob store of this database, once, and may be run at each
// start: afterwards it only looks whether it is still that store. One whose bytes a database knows,
// but that has no marker yet, is one too (an older version's, or one that was restored).
//
// FAILED_PRECONDITION, with a sentence for an operator, where the database knows another store than
// it is, or knows documents of which it has nothing: a volume is not mounted then, or a wrong one
// is.
absl::Status InitStore(MarkedBlobs& store, Postgres& postgres);

// The same of two, between which blobs move (MovingBlobs). A bucket without a marker becomes the
// store that the other one of them is: what has moved there is of it.
absl::Status InitStores(MarkedBlobs& first, MarkedBlobs& other, Postgres& postgres);

}  // namespace gatehouse::documents
