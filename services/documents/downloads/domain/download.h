#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

// `attachment` with the name: in ASCII for old readers, with `_` for each character that is none or
// would have to be escaped, and in UTF-8 where that differs (RFC 6266, RFC 8187).
std::string AttachmentOf(const std::string& filename);

// OK if its bytes may be given out, as far as malware goes. Refuses DOCUMENT_INFECTED,
// DOCUMENT_SCAN_PENDING, and DOCUMENT_NOT_SCANNED unless the rules let that pass.
absl::Status CheckScan(Scan scan, bool unscanned_downloads);

// A part of a document, first and last byte.
struct ByteRange {
  int64_t first = 0, last = 0;
};
// The one range that a Range header (RFC 9110, section 14.2) asks for; nothing where there is none,
// or one that is to be ignored. Refuses RANGE_NOT_SATISFIABLE.
absl::StatusOr<std::optional<ByteRange>> ParseRange(const std::string& range, int64_t size);

// What of a document is sent, and how it is described.
struct Download {
  ByteRange part;
  bool partial = false;
  std::string etag;           // Quoted.
  std::string content_range;  // Empty unless it is partial.
};
// Of the whole where `if_range` is of another content. Refuses RANGE_NOT_SATISFIABLE.
absl::StatusOr<Download> DownloadOf(const Document& document, const std::string& range,
                                    const std::string& if_range);

}  // namespace gatehouse::documents
