#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/documents/signing/domain/certificate.h"

namespace gatehouse::documents {

// A document to seal.
struct SealOrder {
  std::string document;  // Its bytes, a PDF.
  std::string filename;
  std::vector<CertificateLine> certificate;
  absl::Time time;  // As of when the seal is.
};

// What became of it: the sealed bytes, or the name of why it cannot be: PDF_BROKEN, PDF_ENCRYPTED,
// PDF_TOO_LARGE, PDF_TOO_COSTLY.
struct Sealed {
  std::string document, refused;
};

class Sealer {
 public:
  virtual ~Sealer() = default;
  // A fault where it could not be tried, such as without memory.
  virtual absl::StatusOr<Sealed> Seal(const SealOrder& order) = 0;
};

}  // namespace gatehouse::documents
