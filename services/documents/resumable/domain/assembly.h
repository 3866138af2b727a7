#pragma once

#include <string>
#include <vector>

#include "services/documents/resumable/domain/resumable_uploads.h"

namespace gatehouse::documents {

// What a document would be of this upload. Refuses INVALID_REQUEST for metadata that are none.
struct Described {
  Document document;
  SaidOfFile said;
};
absl::StatusOr<Described> Describe(const UploadOwner& owner, const ResumableUpload& upload);

// Begins the one upload that every document comes from.
absl::StatusOr<std::unique_ptr<Upload>> BeginOf(Uploads& uploads, const UploadOwner& owner,
                                                const ResumableUpload& upload);

// Makes the document of these parts, and of bytes that are not kept yet (null: none), by who holds
// the upload: its id. The parts stay.
absl::StatusOr<std::string> Assemble(const ResumablePlaces& places, const UploadOwner& owner,
                                     const ResumableUpload& upload, const std::string& holder,
                                     const std::vector<UploadPart>& parts, BlobReader* last);

// Takes parts out of the blob store; what fails the collector does.
void RemoveParts(const ResumablePlaces& places, const UploadOwner& owner,
                 const std::vector<UploadPart>& parts);

}  // namespace gatehouse::documents
