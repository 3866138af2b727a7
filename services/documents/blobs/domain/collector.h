#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

// Longer than any upload, so that nobody's bytes are taken from under it.
constexpr absl::Duration kLooseFor = absl::Hours(24);
constexpr absl::Duration kAbandonedFor = absl::Hours(2);

// Collects bytes that no document has: of a process that ended, or lost its database, between the
// bytes and the row. Only what was noted as loose is ever removed, so that a wrong or an empty
// database costs nothing. Two replicas at once are harmless.
class BlobCollector {
 public:
  BlobCollector(DocumentStore& documents, BlobStore& blobs)
      : documents_(documents), blobs_(blobs) {}

  // How many were removed. `now` is the time of day.
  absl::StatusOr<int> Collect(absl::Time now);

 private:
  DocumentStore& documents_;
  BlobStore& blobs_;
};

}  // namespace gatehouse::documents
