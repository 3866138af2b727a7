#pragma once

#include "absl/status/statusor.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/blobs/store/folder_blobs.h"

namespace gatehouse::documents {

// Moves every blob of a folder to another store, as it is, while MovingBlobs serves both: how many.
// Each is there, and was read again, before it is gone here. May be broken off, and run again until
// it moves none. FAILED_PRECONDITION where somebody else moves from there already.
absl::StatusOr<int> MoveBlobs(FolderBlobs& from, BlobStore& to);

}  // namespace gatehouse::documents
