#pragma once

#include <filesystem>

#include "services/documents/blobs/domain/blobs.h"

namespace gatehouse::documents {

// A folder: `incoming/` for what is being written, `blobs/<organisation>/<id>` for what is there.
// A blob is written, flushed to the disk, renamed into place, and its folder flushed too.
class FolderBlobs : public BlobStore {
 public:
  // Makes the folders.
  static absl::StatusOr<std::unique_ptr<FolderBlobs>> Open(const std::filesystem::path& root);

  absl::StatusOr<std::unique_ptr<BlobWriter>> Write() override;
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& organisation_id,
                                                   const std::string& id) override;
  absl::Status Remove(const std::string& organisation_id, const std::string& id) override;
  absl::Status RemoveAbandoned(absl::Time before) override;
  // Writes a byte and removes it: that a folder is there says nothing of the volume behind it. Full
  // is ready: downloads go on.
  absl::Status Ready() override;

 private:
  explicit FolderBlobs(std::filesystem::path root) : root_(std::move(root)) {}
  std::filesystem::path PathOf(const std::string& organisation_id, const std::string& id) const;

  const std::filesystem::path root_;
};

}  // namespace gatehouse::documents
