#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/process/config.h"
#include "services/documents/blobs/s3/s3_blobs.h"
#include "services/documents/blobs/store/folder_blobs.h"
#include "services/documents/blobs/store/moving_blobs.h"

namespace gatehouse::documents {

// Where a store is.
struct BlobPlace {
  std::string folder;          // Of a folder;
  std::string bucket, prefix;  // or of a bucket: the prefix is empty, or ends with `/`.

  // From `file:///folder` or `s3://bucket[/prefix]`. InvalidArgument for anything else.
  static absl::StatusOr<BlobPlace> Parse(const std::string& url);
};

// GATEHOUSE_BLOB_URL, GATEHOUSE_BLOB_OTHER_URL, GATEHOUSE_BLOB_SPOOL and GATEHOUSE_S3_…
struct BlobSettings {
  BlobPlace place;
  std::optional<BlobPlace> other;
  S3Settings s3;

  static BlobSettings Read(Environment& environment);
};

// The stores that the settings name, and the one that they are together.
class BlobPlaces {
 public:
  explicit BlobPlaces(const BlobSettings& settings);

  BlobStore& all() { return moving_ == nullptr ? static_cast<BlobStore&>(*first_) : *moving_; }
  MarkedBlobs& first() { return *first_; }
  // Null where there is none.
  MarkedBlobs* other() { return other_.get(); }
  // The same, where it is a folder; else null.
  FolderBlobs* other_folder() { return dynamic_cast<FolderBlobs*>(other_.get()); }

 private:
  std::unique_ptr<MarkedBlobs> first_, other_;
  std::unique_ptr<MovingBlobs> moving_;
};

}  // namespace gatehouse::documents
