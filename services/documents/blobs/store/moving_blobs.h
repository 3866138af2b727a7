#pragma once

#include "services/documents/blobs/domain/blobs.h"

namespace gatehouse::documents {

// Two stores that are one while blobs move from one to the other (docs/adr/0055): what is written
// goes to the first, and what the first has not is looked for in the other, where what moves is
// until it is whole in the first. Both have to be there.
class MovingBlobs : public BlobStore {
 public:
  MovingBlobs(BlobStore& first, BlobStore& other) : first_(first), other_(other) {}

  absl::StatusOr<std::unique_ptr<BlobWriter>> Write(const std::string& organisation_id,
                                                    const std::string& id) override {
    return first_.Write(organisation_id, id);
  }
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& organisation_id,
                                                   const std::string& id) override;
  absl::Status Remove(const std::string& organisation_id, const std::string& id) override;
  absl::Status RemoveAbandoned(absl::Time before) override;
  absl::Status Ready() override;

 private:
  BlobStore& first_;
  BlobStore& other_;
};

}  // namespace gatehouse::documents
