#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

class Scanner {
 public:
  virtual ~Scanner() = default;
  // Unavailable: the scanner is away. Another failure is about this file.
  virtual absl::StatusOr<Verdict> Scan(BlobReader& blob, int64_t size) = 0;
  // The number of its signature database, which grows; 0 where it has none of its maker's.
  virtual absl::StatusOr<int64_t> Database() = 0;
};

// The same of an answer of clamd to VERSION: `ClamAV 1.4.6/27345/Sun Nov 29 09:00:00 2026`.
int64_t DatabaseOf(const std::string& version);

// What an answer of clamd to INSTREAM means. What it could not look into whole (a limit, a
// password) is kUnscanned, and never kClean. A failure of another kind is Internal.
absl::StatusOr<Verdict> VerdictOf(const std::string& answer);

}  // namespace gatehouse::documents
