#pragma once

#include "services/common/postgres/postgres.h"
#include "services/documents/resumable/domain/upload_store.h"

namespace gatehouse::documents {

class PostgresUploads : public UploadStore {
 public:
  explicit PostgresUploads(Postgres& postgres) : postgres_(postgres) {}

  absl::Status Create(const UploadOwner& owner, const ResumableUpload& upload, int max) override;
  absl::StatusOr<Usages> Open(const UploadOwner& owner) override;
  absl::StatusOr<ResumableUpload> Get(const UploadOwner& owner, const std::string& upload_id,
                                      absl::Time now) override;
  absl::StatusOr<ResumableUpload> GetJoined(const UploadOwner& owner,
                                            const std::string& joins) override;
  absl::StatusOr<std::vector<UploadPart>> ListParts(const UploadOwner& owner,
                                                    const std::string& upload_id) override;
  absl::Status Hold(const UploadOwner& owner, const ResumableUpload& upload,
                    const std::string& holder) override;
  absl::Status AddPart(const UploadOwner& owner, const std::string& upload_id,
                       const std::string& holder, const UploadPart& part) override;
  absl::StatusOr<std::string> Complete(const UploadOwner& owner, const ResumableUpload& upload,
                                       const std::string& holder, const Keep& keep) override;
  absl::Status Delete(const UploadOwner& owner, const std::string& upload_id) override;

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::documents
