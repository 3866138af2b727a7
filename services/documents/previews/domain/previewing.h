#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/previews/domain/preview_store.h"
#include "services/documents/previews/domain/previewer.h"
#include "services/documents/settings/domain/document_rules.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

struct PreviewingPlaces {
  PreviewStore& previews;
  DocumentStore& documents;
  BlobStore& blobs;
  RulesStore& rules;
  Previewer& previewer;
  bool scans = false;  // Whether a scanner is set up.
};

// Makes the preview of a document that waits for it, once.
class Previewing {
 public:
  explicit Previewing(PreviewingPlaces places) : places_(places) {}

  // Harmless to repeat, and for what waits for none or is gone. Of what is not known to be harmless
  // there is none where a scanner is set up, and without one only where the organisation lets it be
  // downloaded. Unavailable where the store is away; what else fails may be about this file.
  absl::Status Make(const std::string& organisation_id, const std::string& case_id,
                    const std::string& document_id);
  // It was tried often enough.
  absl::Status GiveUp(const std::string& organisation_id, const std::string& case_id,
                      const std::string& document_id);
  // A few of those that came in while nothing made previews: how many.
  absl::StatusOr<int> CatchUp();

 private:
  // The two, or why there are none.
  struct Pair {
    std::string small, large, refused;
  };
  absl::StatusOr<bool> IsHarmless(const Document& document);
  absl::StatusOr<Pair> Made(const Document& document);
  absl::Status Keep(const Document& document, const Pair& pair);

  const PreviewingPlaces places_;
};

}  // namespace gatehouse::documents
