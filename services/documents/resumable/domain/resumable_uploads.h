#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/common/base/clock.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/resumable/domain/upload_store.h"
#include "services/documents/uploads/domain/uploads.h"

namespace gatehouse::documents {

struct ResumablePlaces {
  UploadStore& store;
  Uploads& uploads;
  DocumentStore& documents;
  BlobStore& blobs;
  RulesStore& rules;
  const Clock& clock;
};

// What an upload is to be.
struct UploadRequest {
  std::string filename, metadata, concat;  // As they came.
  std::optional<int64_t> length;
  bool deferred = false;  // The length is said later.
};

// Bytes on their way to an upload.
class Appending {
 public:
  virtual ~Appending() = default;
  // Keeps them from time to time, so that a call that breaks has not been in vain.
  virtual absl::Status Take(const std::string& bytes) = 0;
  // All bytes of this call have come: keeps them, and the document where they are the last ones.
  virtual absl::StatusOr<ResumableUpload> Finish() = 0;
};

// Uploads in several calls. Their bytes lie in parts in the blob store, encrypted as everything
// there, until they are all there; then they go the way of every upload (`Uploads`), and the parts
// go. What is given up, or forgotten, the collector takes a day later.
class ResumableUploads {
 public:
  explicit ResumableUploads(ResumablePlaces places) : places_(places) {}

  // Refusals are those of CreateUpload. A final one is a document when this answers.
  absl::StatusOr<ResumableUpload> Create(const UploadOwner& owner, const UploadRequest& request);
  absl::StatusOr<ResumableUpload> Get(const UploadOwner& owner, const std::string& upload_id);
  absl::Status Delete(const UploadOwner& owner, const std::string& upload_id);

  // Goes on at `offset`; takes over from who does so now. `at_once`: all of this call's bytes are
  // kept, or none. A `length` says what was not known. Refusals are those of AppendToUpload.
  struct AppendTo {
    std::string upload_id;
    int64_t offset = 0;
    std::optional<int64_t> length;
    bool at_once = false;
  };
  absl::StatusOr<std::unique_ptr<Appending>> Append(const UploadOwner& owner, const AppendTo& to);

 private:
  absl::StatusOr<ResumableUpload> Join(const UploadOwner& owner, const UploadRequest& request,
                                       const std::vector<std::string>& ids);

  const ResumablePlaces places_;
};

}  // namespace gatehouse::documents
