#include "services/documents/blobs/store/moving_blobs.h"

#include "services/common/base/status.h"

namespace gatehouse::documents {

absl::StatusOr<std::unique_ptr<BlobReader>> MovingBlobs::Read(const std::string& organisation_id,
                                                              const std::string& id) {
  auto found = first_.Read(organisation_id, id);
  if (!absl::IsDataLoss(found.status())) return found;
  auto elsewhere = other_.Read(organisation_id, id);
  if (!absl::IsDataLoss(elsewhere.status())) return elsewhere;
  // It moved between the two looks; or is nowhere.
  return first_.Read(organisation_id, id);
}

// From where it may be moved first: who moves it looks whether it was still there, and removes
// what has just arrived where it was not.
absl::Status MovingBlobs::Remove(const std::string& organisation_id, const std::string& id) {
  RETURN_IF_ERROR(other_.Remove(organisation_id, id));
  return first_.Remove(organisation_id, id);
}

absl::Status MovingBlobs::RemoveAbandoned(absl::Time before) {
  RETURN_IF_ERROR(first_.RemoveAbandoned(before));
  return other_.RemoveAbandoned(before);
}

absl::Status MovingBlobs::Ready() {
  // The first one last: its gauges are those of where documents are stored.
  RETURN_IF_ERROR(other_.Ready());
  return first_.Ready();
}

}  // namespace gatehouse::documents
