#pragma once

#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/documents/uploads/domain/uploads.h"

namespace gatehouse::documents {

namespace pb = v1;

// Takes documents in. The results commit nothing but in End(), and hold a file open meanwhile, and
// no thread.
class UploadsHandler {
 public:
  UploadsHandler(Uploads& uploads, Once& once) : uploads_(uploads), once_(once) {}

  template <typename Request>
  using Receives = absl::StatusOr<std::unique_ptr<Sink<Request, pb::Document>>>;
  Receives<pb::UploadDocumentRequest> UploadDocument(const Call& call,
                                                     const pb::UploadDocumentRequest& first);
  Receives<pb::UploadPortalDocumentRequest> UploadPortalDocument(
      const Call& call, const pb::UploadPortalDocumentRequest& first);

 private:
  Uploads& uploads_;
  Once& once_;
};

}  // namespace gatehouse::documents
