#pragma once

#include "gatehouse/documents/v1/documents.pb.h"
#include "gatehouse/documents/v1/requests.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/documents/requests/domain/requests.h"

namespace gatehouse::documents {

namespace pb = v1;

// What is asked of clients; and, for other services, what a case has.
class RequestsHandler {
 public:
  RequestsHandler(Requests& requests, RequestStore& store, DocumentStore& documents, Once& once)
      : requests_(requests), store_(store), documents_(documents), once_(once) {}

  absl::StatusOr<pb::DocumentRequest> CreateDocumentRequest(
      const Call& call, const pb::CreateDocumentRequestRequest& request);
  absl::StatusOr<pb::ApplyDocumentRequestTemplateResponse> ApplyDocumentRequestTemplate(
      const Call& call, const pb::ApplyDocumentRequestTemplateRequest& request);
  absl::StatusOr<pb::ListDocumentRequestsResponse> ListDocumentRequests(
      const Call& call, const pb::ListDocumentRequestsRequest& request);
  absl::StatusOr<pb::DocumentRequest> AcceptDocumentRequest(
      const Call& call, const pb::AcceptDocumentRequestRequest& request);
  absl::StatusOr<pb::DocumentRequest> ReturnDocumentRequest(
      const Call& call, const pb::ReturnDocumentRequestRequest& request);
  absl::StatusOr<pb::DeleteDocumentRequestResponse> DeleteDocumentRequest(
      const Call& call, const pb::DeleteDocumentRequestRequest& request);
  absl::StatusOr<pb::ListDocumentRequestsResponse> ListPortalDocumentRequests(
      const Call& call, const pb::ListDocumentRequestsRequest& request);
  absl::StatusOr<pb::DocumentRequest> DeclarePortalDocumentUnavailable(
      const Call& call, const pb::DeclarePortalDocumentUnavailableRequest& request);
  absl::StatusOr<pb::LookUpCaseDocumentsResponse> LookUpCaseDocuments(
      const Call& call, const pb::LookUpCaseDocumentsRequest& request);

 private:
  absl::StatusOr<pb::ListDocumentRequestsResponse> List(
      const Call& call, const pb::ListDocumentRequestsRequest& request, const CaseAccess* access);

  Requests& requests_;
  RequestStore& store_;
  DocumentStore& documents_;
  Once& once_;
};

}  // namespace gatehouse::documents
