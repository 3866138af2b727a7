#pragma once

#include "gatehouse/documents/v1/previews.pb.h"
#include "services/common/rpc/server.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/previews/domain/preview_store.h"
#include "services/documents/settings/domain/document_rules.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

namespace pb = v1;

// Gives previews to who may see their documents.
class PreviewsHandler {
 public:
  PreviewsHandler(PreviewStore& previews, DocumentStore& documents, BlobStore& blobs,
                  RulesStore& rules)
      : previews_(previews), documents_(documents), blobs_(blobs), rules_(rules) {}

  using Sends = absl::StatusOr<std::unique_ptr<Source<pb::DownloadPreviewResponse>>>;
  Sends DownloadPreview(const Call& call, const pb::DownloadPreviewRequest& request);
  Sends DownloadPortalPreview(const Call& call, const pb::DownloadPreviewRequest& request);

 private:
  Sends Send(const Call& call, const pb::DownloadPreviewRequest& request, const CaseAccess* access);

  PreviewStore& previews_;
  DocumentStore& documents_;
  BlobStore& blobs_;
  RulesStore& rules_;
};

}  // namespace gatehouse::documents
