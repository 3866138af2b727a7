#pragma once

#include <string>
#include <vector>

#include "services/documents/blobs/s3/s3_blobs.h"

namespace gatehouse::documents {

// An object on its way into a bucket.
class S3Writer : public BlobWriter {
 public:
  S3Writer(S3Blobs& blobs, S3Client& client, std::string key);
  ~S3Writer() override;
  S3Writer(const S3Writer&) = delete;
  S3Writer& operator=(const S3Writer&) = delete;

  // Whether there is a file to spool to.
  bool ok() const { return spool_.ok(); }

  absl::Status Append(const std::string& bytes) override;
  absl::Status Commit() override;
  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override;
  absl::StatusOr<int64_t> Size() override { return written_; }

 private:
  struct Part {
    std::string etag, checksum;
  };
  absl::Status Begin();
  absl::Status SendPart(int64_t size);
  // False: the server has lost the upload, or a part of it.
  absl::StatusOr<bool> Complete();
  absl::Status CommitParts();
  absl::Status CommitWhole();
  void Abort();

  S3Blobs& blobs_;
  S3Client& client_;
  const std::string key_;
  const File spool_;
  int64_t written_ = 0, sent_ = 0;
  std::string upload_id_;  // Of the multipart upload that is under way.
  std::vector<Part> parts_;
};

}  // namespace gatehouse::documents
