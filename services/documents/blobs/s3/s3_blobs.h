#pragma once

#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/blobs/s3/s3_client.h"

namespace gatehouse::documents {

// A bucket, or a part of one that begins with `prefix`: `blobs/<organisation>/<id>` for what is
// there, as in a folder, and the marker beside it (docs/adr/0055).
//
// What is written goes to a file without a name first, in the settings' spool, from where a part
// leaves for the bucket as soon as there is one: so a part is sent again, and what is being written
// looked at, without any of it in memory. What is small is sent whole at its end.
class S3Blobs : public MarkedBlobs {
 public:
  static constexpr int64_t kPartBytes = 8 << 20;  // 10,000 of them at most: 80 GiB.

  // Asks nothing: a store that is away is no reason not to start.
  S3Blobs(S3Settings settings, const std::string& bucket, const std::string& prefix);

  absl::StatusOr<std::unique_ptr<BlobWriter>> Write(const std::string& organisation_id,
                                                    const std::string& id) override;
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& organisation_id,
                                                   const std::string& id) override;
  absl::Status Remove(const std::string& organisation_id, const std::string& id) override;
  // Ends the multipart uploads that began before then: no upload of ours takes as long.
  absl::Status RemoveAbandoned(absl::Time before) override;
  // Looks for the marker, and now and then writes an object. Full is ready: downloads go on.
  absl::Status Ready() override;
  absl::StatusOr<std::string> Marker() override;
  absl::Status Mark(const std::string& store_id) override;
  std::string Name() const override { return name_; }

  // For the writer.
  // OK where the marker is there, or was a moment ago unless it is asked `afresh`.
  absl::Status CheckMarked(bool afresh);
  // The size of an object; -1 where there is none.
  absl::StatusOr<int64_t> SizeOf(const std::string& key);

 private:
  std::string KeyOf(const std::string& organisation_id, const std::string& id) const;
  absl::Status Put(const char* what, const std::string& key, const std::string& text);
  absl::Status TryToWrite();

  S3Client client_;
  const std::string prefix_, name_;
  std::mutex mutex_;
  absl::Time marked_time_ = absl::InfinitePast();  // When the marker was last seen,
  absl::Time tried_time_ = absl::InfinitePast();   // and when an object was last written.
};

}  // namespace gatehouse::documents
