#pragma once

#include <filesystem>
#include <functional>

#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/blobs/store/files.h"

namespace gatehouse::documents {

// A folder: `incoming/` for what is being written, `blobs/<organisation>/<id>` for what is there.
// A blob is written, flushed to the disk, renamed into place, and its folder flushed too. Where the
// store's marker is missing (see store_marker.h) everything is STORAGE_UNAVAILABLE.
class FolderBlobs : public MarkedBlobs {
 public:
  // Looks at nothing: a store that is away is no reason not to start.
  explicit FolderBlobs(std::filesystem::path root) : root_(std::move(root)) {}

  absl::StatusOr<std::unique_ptr<BlobWriter>> Write(const std::string& organisation_id,
                                                    const std::string& id) override;
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& organisation_id,
                                                   const std::string& id) override;
  absl::Status Remove(const std::string& organisation_id, const std::string& id) override;
  absl::Status RemoveAbandoned(absl::Time before) override;
  // Writes a byte, reads it and removes it: that a folder is there says nothing of the volume
  // behind it. Full is ready: downloads go on. Says by gauges how things are.
  absl::Status Ready() override;
  absl::StatusOr<std::string> Marker() override;
  absl::Status Mark(const std::string& store_id) override;
  std::string Name() const override { return root_.string(); }

  // For who moves all of it elsewhere.
  struct Place {
    std::string organisation_id, name;
  };
  // Each blob that is there, in no order; what comes or goes meanwhile may be among them or not.
  absl::Status ForEach(const std::function<absl::Status(const Place&)>& visit);
  // Removes it, and says whether it was there.
  absl::StatusOr<bool> Take(const Place& place);
  // Held by one process at a time, while the file is open. FAILED_PRECONDITION where it is held.
  absl::StatusOr<std::unique_ptr<File>> Lock();

 private:
  absl::Status Try();
  std::filesystem::path PathOf(const std::string& organisation_id, const std::string& id) const;

  const std::filesystem::path root_;
};

}  // namespace gatehouse::documents
