#pragma once

#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/rpc/server.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/settings/domain/document_rules.h"
#include "services/documents/signing/domain/signature_store.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

namespace pb = v1;

// What there is, and its bytes.
class DownloadsHandler {
 public:
  DownloadsHandler(DocumentStore& documents, BlobStore& blobs, RulesStore& rules,
                   SignatureStore& signatures)
      : documents_(documents), blobs_(blobs), rules_(rules), signatures_(signatures) {}

  absl::StatusOr<pb::ListDocumentsResponse> ListDocuments(const Call& call,
                                                          const pb::ListDocumentsRequest& request);
  absl::StatusOr<pb::ListDocumentsResponse> ListPortalDocuments(
      const Call& call, const pb::ListDocumentsRequest& request);
  using Sends = absl::StatusOr<std::unique_ptr<Source<pb::DownloadDocumentResponse>>>;
  Sends DownloadDocument(const Call& call, const pb::DownloadDocumentRequest& request);
  Sends DownloadPortalDocument(const Call& call, const pb::DownloadDocumentRequest& request);

 private:
  absl::StatusOr<pb::ListDocumentsResponse> List(const Call& call,
                                                 const pb::ListDocumentsRequest& request,
                                                 const CaseAccess* access);
  Sends Send(const Call& call, const pb::DownloadDocumentRequest& request,
             const CaseAccess* access);

  DocumentStore& documents_;
  BlobStore& blobs_;
  RulesStore& rules_;
  SignatureStore& signatures_;
};

}  // namespace gatehouse::documents
