#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace gatehouse::documents {

class BlobReader {
 public:
  virtual ~BlobReader() = default;
  // Fills `bytes` with up to `size` from `offset`; fewer only at the end.
  virtual absl::Status Read(int64_t offset, size_t size, std::string& bytes) = 0;
  // How many bytes there are.
  virtual absl::StatusOr<int64_t> Size() = 0;
};

// Bytes on their way into the store, which can be looked at meanwhile. Gone without a trace unless
// they are committed.
class BlobWriter : public BlobReader {
 public:
  virtual absl::Status Append(const std::string& bytes) = 0;
  // When this returns, the bytes survive a power failure, under that id.
  virtual absl::Status Commit(const std::string& organisation_id, const std::string& id) = 0;
};

// Every function of these three refuses STORAGE_UNAVAILABLE, and what writes STORAGE_FULL.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  virtual absl::StatusOr<std::unique_ptr<BlobWriter>> Write() = 0;
  // A fault where the store is there and has no such bytes.
  virtual absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& organisation_id,
                                                           const std::string& id) = 0;
  // Harmless where the store is there and has no such bytes.
  virtual absl::Status Remove(const std::string& organisation_id, const std::string& id) = 0;
  // Removes what was being written and did not grow since `before`: its writer is gone.
  virtual absl::Status RemoveAbandoned(absl::Time before) = 0;
  // Whether bytes can be written now; for readiness.
  virtual absl::Status Ready() = 0;
};

}  // namespace gatehouse::documents
