#include "services/documents/requests/handler.h"

#include "services/common/base/proto_time.h"
#include "services/documents/document_proto.h"

namespace gatehouse::documents {
namespace {

constexpr int kPageByDefault = 200;

pb::DocumentRequest ToProto(const DocumentRequest& request) {
  pb::DocumentRequest proto;
  proto.set_document_request_id(request.document_request_id);
  proto.set_title(request.title);
  proto.set_label(request.label);
  proto.set_contact_id(request.contact_id);
  proto.set_state(request.answers > 0 ? pb::PENDING_REVIEW : pb::REQUIRED);
  *proto.mutable_create_time() = gatehouse::ToProto(request.create_time);
  return proto;
}

}  // namespace

absl::StatusOr<pb::DocumentRequest> RequestsHandler::CreateDocumentRequest(
    const Call& call, const pb::CreateDocumentRequestRequest& request) {
  return once_.Run(call, request, [&]() -> absl::StatusOr<pb::DocumentRequest> {
    ASSIGN_OR_RETURN(const DocumentRequest made,
                     requests_.Create({.organisation_id = call.caller.organisation_id,
                                       .case_id = request.case_id(),
                                       .title = request.title(),
                                       .label = request.label(),
                                       .contact_id = request.contact_id()}));
    return ToProto(made);
  });
}

absl::StatusOr<pb::ListDocumentRequestsResponse> RequestsHandler::List(
    const Call& call, const pb::ListDocumentRequestsRequest& request, const CaseAccess* access) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request, kPageByDefault));
  ASSIGN_OR_RETURN(std::vector<AnsweredRequest> answered,
                   requests_.List(call.caller.organisation_id, request.case_id(), access, page));
  pb::ListDocumentRequestsResponse response;
  response.set_next_page_token(CutPage(
      answered, page, [](const AnsweredRequest& one) { return one.request.document_request_id; }));
  for (const AnsweredRequest& one : answered) {
    pb::DocumentRequest& proto = *response.add_document_requests();
    proto = ToProto(one.request);
    for (const Document& document : one.documents) {
      *proto.add_documents() = documents::ToProto(document);
    }
  }
  return response;
}

absl::StatusOr<pb::ListDocumentRequestsResponse> RequestsHandler::ListDocumentRequests(
    const Call& call, const pb::ListDocumentRequestsRequest& request) {
  return List(call, request, nullptr);
}

absl::StatusOr<pb::ListDocumentRequestsResponse> RequestsHandler::ListPortalDocumentRequests(
    const Call& call, const pb::ListDocumentRequestsRequest& request) {
  return List(call, request, call.caller.AccessTo(request.case_id()));
}

absl::StatusOr<pb::LookUpCaseDocumentsResponse> RequestsHandler::LookUpCaseDocuments(
    const Call& call, const pb::LookUpCaseDocumentsRequest& request) {
  const std::string& organisation = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const auto labels, documents_.ListLabels(organisation, request.case_id()));
  ASSIGN_OR_RETURN(const auto ids, store_.ListIds(organisation, request.case_id()));
  pb::LookUpCaseDocumentsResponse response;
  for (const std::string& label : labels) response.add_labels(label);
  for (const std::string& id : ids) response.add_document_request_ids(id);
  return response;
}

}  // namespace gatehouse::documents
