#pragma once

#include "gatehouse/documents/v1/changes.pb.h"
#include "services/common/rpc/server.h"
#include "services/documents/changes/domain/changes.h"

namespace gatehouse::documents {

namespace pb = v1;

// Labels, folders, sharing, and taking back what was handed in.
class ChangesHandler {
 public:
  explicit ChangesHandler(Changes& changes) : changes_(changes) {}

  absl::StatusOr<pb::Document> UpdateDocument(const Call& call,
                                              const pb::UpdateDocumentRequest& request);
  absl::StatusOr<pb::Document> ShareDocument(const Call& call,
                                             const pb::ShareDocumentRequest& request);
  absl::StatusOr<pb::Document> UnshareDocument(const Call& call,
                                               const pb::UnshareDocumentRequest& request);
  absl::StatusOr<pb::DeleteDocumentResponse> DeleteDocument(
      const Call& call, const pb::DeleteDocumentRequest& request);
  absl::StatusOr<pb::DeleteDocumentResponse> DeletePortalDocument(
      const Call& call, const pb::DeleteDocumentRequest& request);

 private:
  Changes& changes_;
};

}  // namespace gatehouse::documents
