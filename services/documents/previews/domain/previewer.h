#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/documents/blobs/domain/blobs.h"

namespace gatehouse::documents {

// A preview as a JPEG, or the name of why there is none: IMAGE_BROKEN, IMAGE_TOO_LARGE,
// PDF_BROKEN, TOO_COSTLY and the like.
struct Preview {
  std::string jpeg, refused;
};

class Previewer {
 public:
  virtual ~Previewer() = default;
  // Of a file of that type, its longer side of so many pixels at most. A fault where it could not
  // be tried, and what the blob store says.
  virtual absl::StatusOr<Preview> Make(BlobReader& blob, const std::string& content_type,
                                       int pixels) = 0;
  // The same of a JPEG that is in memory.
  virtual absl::StatusOr<Preview> MakeSmaller(const std::string& jpeg, int pixels) = 0;
};

}  // namespace gatehouse::documents
