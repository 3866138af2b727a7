#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/scanning/domain/scanner.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

// How far the scanner looks.
struct ScanLimits {
  // The largest file, and the largest member of an archive, that is scanned whole. What is larger
  // would be cut and called clean all the same.
  int64_t max_file_bytes = 100 << 20;
};

// Has a document that waits for it scanned, once. Harmless to repeat.
class Scanning {
 public:
  Scanning(DocumentStore& documents, BlobStore& blobs, Scanner& scanner, ScanLimits limits)
      : documents_(documents), blobs_(blobs), scanner_(scanner), limits_(limits) {}

  // OK also where the document is gone. Unavailable where the scanner or the store is away; what
  // else fails may be about this file.
  absl::Status Scan(const std::string& organisation_id, const std::string& case_id,
                    const std::string& document_id);
  // The same of one that was found clean by the signatures of then: only what is found now changes
  // anything.
  absl::Status ScanAgain(const Document& document);
  // It was tried often enough: the document's state is kError from now on.
  absl::Status GiveUp(const std::string& organisation_id, const std::string& case_id,
                      const std::string& document_id, const absl::Status& failure);

 private:
  absl::StatusOr<Verdict> Judge(const Document& document);

  DocumentStore& documents_;
  BlobStore& blobs_;
  Scanner& scanner_;
  const ScanLimits limits_;
};

}  // namespace gatehouse::documents
