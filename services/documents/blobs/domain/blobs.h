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
  // When this returns OK, the bytes survive a power failure, under their id.
  virtual absl::Status Commit() = 0;
};

// Every function of these three refuses STORAGE_UNAVAILABLE, and what writes STORAGE_FULL.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  // What is to lie under this id.
  virtual absl::StatusOr<std::unique_ptr<BlobWriter>> Write(const std::string& organisation_id,
                                                            const std::string& id) = 0;
  // A fault where the store is there and has no such bytes.
  virtual absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& organisation_id,
                                                           const std::string& id) = 0;
  // Harmless where the store is there and has no such bytes.
  virtual absl::Status Remove(const std::string& organisation_id, const std::string& id) = 0;
  // Removes what was being written and did not grow since `before`, or began before where the store
  // knows no better: its writer is gone.
  virtual absl::Status RemoveAbandoned(absl::Time before) = 0;
  // Whether bytes can be written now; for readiness.
  virtual absl::Status Ready() = 0;
};

// A store that bears a marker: an id of its own, by which what is no store, or another one, is not
// taken for it (docs/adr/0027). Where it is missing everything is STORAGE_UNAVAILABLE, until it is
// there again.
class MarkedBlobs : public BlobStore {
 public:
  // Its id; empty where it bears none.
  virtual absl::StatusOr<std::string> Marker() = 0;
  // Makes it the store of that id, durably.
  virtual absl::Status Mark(const std::string& store_id) = 0;
  // What an operator knows it by.
  virtual std::string Name() const = 0;
};

}  // namespace gatehouse::documents
