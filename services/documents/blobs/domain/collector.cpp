#include "services/documents/blobs/domain/collector.h"

#include "services/common/base/status.h"

namespace gatehouse::documents {

constexpr int kBatch = 100;

absl::StatusOr<int> BlobCollector::Collect(absl::Time now) {
  RETURN_IF_ERROR(blobs_.RemoveAbandoned(now - kAbandonedFor));
  int removed = 0;
  while (true) {
    ASSIGN_OR_RETURN(const auto loose, documents_.ListLoose(now - kLooseFor, kBatch));
    for (const LooseBlob& blob : loose) {
      RETURN_IF_ERROR(blobs_.Remove(blob.organisation_id, blob.document_id));
      RETURN_IF_ERROR(documents_.Forget(blob));
      ++removed;
    }
    if (loose.size() < kBatch) return removed;
  }
}

}  // namespace gatehouse::documents
