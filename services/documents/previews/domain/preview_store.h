#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/documents/previews/domain/preview.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

// Where a preview lies: the small one first, and behind it the large one.
struct StoredPreview {
  std::string blob_id;
  int64_t small_bytes = 0, large_bytes = 0;
};

class PreviewStore {
 public:
  virtual ~PreviewStore() = default;

  // Nothing where it is not ready, or the document is gone.
  virtual absl::StatusOr<std::optional<StoredPreview>> Find(const std::string& organisation_id,
                                                            const std::string& document_id) = 0;
  // The document has it from now on; whether it waited for one. The bytes have been noted as loose.
  // Aborted where that is not so any more: they may be gone.
  virtual absl::StatusOr<bool> Keep(const Document& document, const StoredPreview& preview) = 0;
  // There will be none. Harmless for a document that waits for none, or is gone.
  virtual absl::Status End(const Document& document, PreviewState state) = 0;
  // Has previews made of documents that came in while nothing was set up that makes them, the
  // newest first, `max` at most: of how many it was decided.
  virtual absl::StatusOr<int> AskForPreviews(int max) = 0;
};

}  // namespace gatehouse::documents
