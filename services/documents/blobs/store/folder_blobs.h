#pragma once

#include <filesystem>

#include "services/documents/blobs/domain/blobs.h"

namespace gatehouse::documents {

// A folder: `incoming/` for what is being written, `blobs/<organisation>/<id>` for what is there.
// A blob is written, flushed to the disk, renamed into place, and its folder flushed too. Where the
// store's marker is missing (see store_marker.h) everything is STORAGE_UNAVAILABLE, until it is
// there again.
class FolderBlobs : public BlobStore {
 public:
  // Looks at nothing: a store that is away is no reason not to start.
  explicit FolderBlobs(std::filesystem::path root) : root_(std::move(root)) {}

  absl::StatusOr<std::unique_ptr<BlobWriter>> Write() override;
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& organisation_id,
                                                   const std::string& id) override;
  absl::Status Remove(const std::string& organisation_id, const std::string& id) override;
  absl::Status RemoveAbandoned(absl::Time before) override;
  // Writes a byte, reads it and removes it: that a folder is there says nothing of the volume
  // behind it. Full is ready: downloads go on. Says by gauges how things are.
  absl::Status Ready() override;

 private:
  absl::Status Try();
  std::filesystem::path PathOf(const std::string& organisation_id, const std::string& id) const;

  const std::filesystem::path root_;
};

}  // namespace gatehouse::documents
