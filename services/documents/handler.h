#pragma once

#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/rpc/client.h"
#include "services/common/rpc/server.h"
#include "services/documents/domain/uploads.h"

namespace gatehouse::documents {

namespace pb = v1;

// The RPCs of proto/gatehouse/documents/v1.
class Handler {
 public:
  Handler(Uploads& uploads, Store& store, BlobStore& blobs, Client& cases)
      : uploads_(uploads), store_(store), blobs_(blobs), cases_(cases) {}
  void Register(Server& server);

  // Their results commit nothing but in End(), and hold a file open meanwhile, and no thread.
  absl::StatusOr<std::unique_ptr<Sink<pb::UploadDocumentRequest, pb::Document>>> UploadDocument(
      const Call& call, const pb::UploadDocumentRequest& first);
  absl::StatusOr<std::unique_ptr<Sink<pb::UploadPortalDocumentRequest, pb::Document>>>
  UploadPortalDocument(const Call& call, const pb::UploadPortalDocumentRequest& first);
  absl::StatusOr<pb::ListDocumentsResponse> ListDocuments(const Call& call,
                                                          const pb::ListDocumentsRequest& request);
  absl::StatusOr<pb::ListDocumentsResponse> ListPortalDocuments(
      const Call& call, const pb::ListDocumentsRequest& request);
  absl::StatusOr<std::unique_ptr<Source<pb::DownloadDocumentResponse>>> DownloadDocument(
      const Call& call, const pb::DownloadDocumentRequest& request);
  absl::StatusOr<std::unique_ptr<Source<pb::DownloadDocumentResponse>>> DownloadPortalDocument(
      const Call& call, const pb::DownloadDocumentRequest& request);
  absl::StatusOr<pb::DocumentRequest> CreateDocumentRequest(
      const Call& call, const pb::CreateDocumentRequestRequest& request);
  absl::StatusOr<pb::ListDocumentRequestsResponse> ListDocumentRequests(
      const Call& call, const pb::ListDocumentRequestsRequest& request);
  absl::StatusOr<pb::ListDocumentRequestsResponse> ListPortalDocumentRequests(
      const Call& call, const pb::ListDocumentRequestsRequest& request);
  absl::StatusOr<pb::Settings> GetSettings(const Call& call, const pb::GetSettingsRequest& request);
  absl::StatusOr<pb::Settings> UpdateSettings(const Call& call,
                                              const pb::UpdateSettingsRequest& request);
  absl::StatusOr<pb::LookUpCaseDocumentsResponse> LookUpCaseDocuments(
      const Call& call, const pb::LookUpCaseDocumentsRequest& request);

 private:
  // OK if the case exists, and has this contact unless that is empty. Refuses NOT_FOUND.
  absl::Status CheckCase(const std::string& organisation_id, const std::string& case_id,
                         const std::string& contact_id);
  absl::StatusOr<pb::ListDocumentsResponse> List(const Call& call,
                                                 const pb::ListDocumentsRequest& request,
                                                 const CaseAccess* access);
  absl::StatusOr<pb::ListDocumentRequestsResponse> ListRequests(const Call& call,
                                                                const std::string& case_id,
                                                                const CaseAccess* access);
  absl::StatusOr<std::unique_ptr<Source<pb::DownloadDocumentResponse>>> Send(
      const Document& document, const pb::DownloadDocumentRequest& request);

  Uploads& uploads_;
  Store& store_;
  BlobStore& blobs_;
  Client& cases_;
};

}  // namespace gatehouse::documents
