#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/signing/domain/certificate.h"
#include "services/documents/signing/domain/drawings.h"

namespace gatehouse::documents {

// A document to seal.
struct SealOrder {
  std::string document;  // Its bytes, a PDF.
  std::string filename;
  std::vector<CertificateLine> certificate;
  absl::Time time;                // As of when the seal is.
  std::vector<Drawing> drawings;  // On its pages.
};

// The largest document that is sealed; a sealer has it in memory a few times.
constexpr int64_t kSealedBytesMax = int64_t{100} << 20;

// What became of it: the sealed bytes, or the name of why it cannot be: PDF_BROKEN, PDF_ENCRYPTED,
// PDF_TOO_LARGE, PDF_TOO_COSTLY.
struct Sealed {
  std::string document, refused;
};

// What the pages of a document are, or the name of why nothing is drawn on them: as above, and
// PDF_SIGNED.
struct Measured {
  std::vector<PageSize> pages;
  std::string refused;
};

class Sealer {
 public:
  virtual ~Sealer() = default;
  // A fault where it could not be tried, such as without memory.
  virtual absl::StatusOr<Sealed> Seal(const SealOrder& order) = 0;
  // Of a document of `size` bytes. Unavailable where too many are measured at once.
  virtual absl::StatusOr<Measured> Measure(BlobReader& document, int64_t size) = 0;
};

}  // namespace gatehouse::documents
