#include "services/documents/scanning/domain/rescanning.h"

#include "services/common/base/status.h"

namespace gatehouse::documents {

constexpr int kAtATime = 16;

absl::StatusOr<int> Rescanning::Look() {
  ASSIGN_OR_RETURN(const int64_t number, scanner_.Database());
  // Signatures of one's own alone have no number, by which it could be seen that they are new.
  if (number == 0) return 0;
  ASSIGN_OR_RETURN(const bool is_newer, store_.Note(number, clock_.Now() - kRescanned));
  return is_newer ? 1 : 0;
}

absl::StatusOr<bool> Rescanning::Go(const std::string& organisation_id) {
  ASSIGN_OR_RETURN(auto rescan, store_.Get(organisation_id));
  if (!rescan.has_value()) return false;
  ASSIGN_OR_RETURN(const auto documents, store_.Next(organisation_id, *rescan, kAtATime));
  for (const Document& document : documents) {
    const absl::Status scanned = scanning_.ScanAgain(document);
    if (absl::IsUnavailable(scanned)) return scanned;
    rescan->from_time = document.create_time;
    rescan->document_id = document.document_id;
    RETURN_IF_ERROR(store_.Advance(organisation_id, *rescan));
  }
  return documents.size() == kAtATime;
}

}  // namespace gatehouse::documents
