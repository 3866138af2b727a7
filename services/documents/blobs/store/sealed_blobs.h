#pragma once

#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/blobs/domain/organisation_keys.h"

namespace gatehouse::documents {

// Another store, in which all that is written is encrypted (docs/adr/0038): each blob under a key
// of its own, which lies behind the blob's chunks under its organisation's key, bound to
// organisation, id and size. The bytes lie under the id with `.sealed` behind it; what lies under
// the plain id is of before there was encryption, and is read as it is.
//
// Reading refuses, beside what the store does, DOCUMENT_DAMAGED where anything is not as it was
// written (a bit, a chunk that is missing, repeated, at another place or another blob's), and
// DOCUMENT_ERASED where the organisation's key is gone. No byte of a chunk that does not open is
// ever given out.
class SealedBlobs : public BlobStore {
 public:
  SealedBlobs(BlobStore& store, OrganisationKeys& keys) : store_(store), keys_(keys) {}

  absl::StatusOr<std::unique_ptr<BlobWriter>> Write(const std::string& organisation_id,
                                                    const std::string& id) override;
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& organisation_id,
                                                   const std::string& id) override;
  absl::Status Remove(const std::string& organisation_id, const std::string& id) override;
  absl::Status RemoveAbandoned(absl::Time before) override {
    return store_.RemoveAbandoned(before);
  }
  absl::Status Ready() override { return store_.Ready(); }

  // Encrypts a blob of before: false where there is none such. It can be read meanwhile.
  absl::StatusOr<bool> SealOld(const std::string& organisation_id, const std::string& id);

 private:
  BlobStore& store_;
  OrganisationKeys& keys_;
};

// Under which name the bytes of a blob lie in the store beneath.
std::string SealedName(const std::string& id);

}  // namespace gatehouse::documents
