#pragma once

#include "gatehouse/documents/v1/uploads.pb.h"
#include "services/common/rpc/server.h"
#include "services/documents/resumable/domain/resumable_uploads.h"

namespace gatehouse::documents {

namespace pb = v1;

// tus 1.0. What a call brings is kept while it goes on, the document only in the sinks' End().
class ResumableHandler {
 public:
  explicit ResumableHandler(ResumableUploads& uploads) : uploads_(uploads) {}

  template <typename Request>
  using Receives = absl::StatusOr<std::unique_ptr<Sink<Request, pb::ResumableUpload>>>;
  Receives<pb::CreateUploadRequest> CreateUpload(const Call& call,
                                                 const pb::CreateUploadRequest& first);
  Receives<pb::AppendToUploadRequest> AppendToUpload(const Call& call,
                                                     const pb::AppendToUploadRequest& first);
  absl::StatusOr<pb::ResumableUpload> GetUpload(const Call& call,
                                                const pb::GetUploadRequest& request);
  absl::StatusOr<pb::DeleteUploadResponse> DeleteUpload(const Call& call,
                                                        const pb::DeleteUploadRequest& request);

 private:
  ResumableUploads& uploads_;
};

}  // namespace gatehouse::documents
