#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace gatehouse::documents {

// Bytes on their way into the store. Gone without a trace unless it is committed.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  // Refuses STORAGE_FULL.
  virtual absl::Status Append(const std::string& bytes) = 0;
  // When this returns, the bytes survive a power failure, under that id.
  virtual absl::Status Commit(const std::string& organisation_id, const std::string& id) = 0;
};

class BlobReader {
 public:
  virtual ~BlobReader() = default;
  // Fills `bytes` with up to `size` from `offset`; fewer only at the end.
  virtual absl::Status Read(int64_t offset, size_t size, std::string& bytes) = 0;
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual absl::StatusOr<std::unique_ptr<BlobWriter>> Write() = 0;
  virtual absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& organisation_id,
                                                           const std::string& id) = 0;
  virtual absl::Status Remove(const std::string& organisation_id, const std::string& id) = 0;
};

}  // namespace gatehouse::documents
