#pragma once

#include <functional>
#include <string>
#include <vector>

#include "services/documents/resumable/domain/resumable_upload.h"
#include "services/documents/uploads/domain/document.h"
#include "services/documents/uploads/domain/quota.h"

namespace gatehouse::documents {

// What is known of resumable uploads. Whoever did not begin one finds nothing of it.
class UploadStore {
 public:
  virtual ~UploadStore() = default;

  // Refuses UPLOAD_LIMIT_REACHED, with `max`, where the owner has so many of the case that can
  // still go on.
  virtual absl::Status Create(const UploadOwner& owner, const ResumableUpload& upload, int max) = 0;
  // What those will use that can still go on, of the organisation, the case, and the owner where it
  // is a client: the bytes that they say, or have.
  virtual absl::StatusOr<Usages> Open(const UploadOwner& owner) = 0;
  // Refuses NOT_FOUND, also for what has expired by `now`.
  virtual absl::StatusOr<ResumableUpload> Get(const UploadOwner& owner,
                                              const std::string& upload_id, absl::Time now) = 0;
  // What was made of these before; refuses NOT_FOUND.
  virtual absl::StatusOr<ResumableUpload> GetJoined(const UploadOwner& owner,
                                                    const std::string& joins) = 0;
  // Its parts, in their order.
  virtual absl::StatusOr<std::vector<UploadPart>> ListParts(const UploadOwner& owner,
                                                            const std::string& upload_id) = 0;

  // From now on `holder` alone can go on with it, as long as it stands at this offset and has
  // become nothing. A length that was not known is kept. Refuses UPLOAD_OFFSET_MISMATCH.
  virtual absl::Status Hold(const UploadOwner& owner, const ResumableUpload& upload,
                            const std::string& holder) = 0;
  // Adds a part, by who holds it. Refuses UPLOAD_TAKEN_OVER.
  virtual absl::Status AddPart(const UploadOwner& owner, const std::string& upload_id,
                               const std::string& holder, const UploadPart& part) = 0;
  // Keeps the document and notes that the upload is it, in one transaction, by who holds it: the
  // document's id. Those that it joins are gone with it, so that none of them is in two documents.
  // Refuses UPLOAD_TAKEN_OVER, also where not all of those are there still, and as `keep`.
  using Keep = std::function<absl::StatusOr<Document>()>;
  virtual absl::StatusOr<std::string> Complete(const UploadOwner& owner,
                                               const ResumableUpload& upload,
                                               const std::string& holder, const Keep& keep) = 0;
  // Harmless where there is none.
  virtual absl::Status Delete(const UploadOwner& owner, const std::string& upload_id) = 0;
};

}  // namespace gatehouse::documents
