#include "services/documents/requests/handler.h"

#include "services/common/base/proto_time.h"
#include "services/documents/document_proto.h"

namespace gatehouse::documents {
namespace {

constexpr int kPageByDefault = 200;
constexpr int kOpenMax = 50;  // That other services are told of.

pb::DocumentRequest ToProto(const DocumentRequest& request) {
  pb::DocumentRequest proto;
  proto.set_document_request_id(request.document_request_id);
  proto.set_title(request.title);
  proto.set_label(request.label);
  proto.set_contact_id(request.contact_id);
  proto.set_state(static_cast<pb::DocumentRequestState>(request.state));
  proto.set_due_date(request.due_date);
  proto.set_return_reason(request.return_reason);
  proto.set_unavailable_reason(request.unavailable_reason);
  *proto.mutable_create_time() = gatehouse::ToProto(request.create_time);
  if (request.review_time != absl::InfinitePast()) {
    *proto.mutable_review_time() = gatehouse::ToProto(request.review_time);
  }
  return proto;
}

pb::DocumentRequest ToProto(const AnsweredRequest& answered) {
  pb::DocumentRequest proto = ToProto(answered.request);
  for (const Document& document : answered.documents) {
    *proto.add_documents() = documents::ToProto(document);
  }
  return proto;
}

absl::StatusOr<pb::DocumentRequest> ToProto(const absl::StatusOr<AnsweredRequest>& answered) {
  RETURN_IF_ERROR(answered.status());
  return ToProto(*answered);
}

template <typename Request>
RequestName NameOf(const Call& call, const Request& request) {
  return {.organisation_id = call.caller.organisation_id,
          .case_id = request.case_id(),
          .document_request_id = request.document_request_id()};
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
                                       .contact_id = request.contact_id(),
                                       .due_date = request.due_date()}));
    return ToProto(made);
  });
}

absl::StatusOr<pb::ApplyDocumentRequestTemplateResponse>
RequestsHandler::ApplyDocumentRequestTemplate(
    const Call& call, const pb::ApplyDocumentRequestTemplateRequest& request) {
  using Result = absl::StatusOr<pb::ApplyDocumentRequestTemplateResponse>;
  return once_.Run(call, request, [&]() -> Result {
    ASSIGN_OR_RETURN(const auto made,
                     requests_.Apply({.organisation_id = call.caller.organisation_id,
                                      .case_id = request.case_id(),
                                      .contact_id = request.contact_id()},
                                     request.document_request_template_id()));
    pb::ApplyDocumentRequestTemplateResponse response;
    for (const DocumentRequest& one : made) *response.add_document_requests() = ToProto(one);
    return response;
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
  for (const AnsweredRequest& one : answered) *response.add_document_requests() = ToProto(one);
  return response;
}

absl::StatusOr<pb::ListDocumentRequestsResponse> RequestsHandler::ListDocumentRequests(
    const Call& call, const pb::ListDocumentRequestsRequest& request) {
  return List(call, request, nullptr);
}

absl::StatusOr<pb::DocumentRequest> RequestsHandler::AcceptDocumentRequest(
    const Call& call, const pb::AcceptDocumentRequestRequest& request) {
  return ToProto(requests_.Accept(NameOf(call, request)));
}

absl::StatusOr<pb::DocumentRequest> RequestsHandler::ReturnDocumentRequest(
    const Call& call, const pb::ReturnDocumentRequestRequest& request) {
  return ToProto(requests_.Return(NameOf(call, request), request.reason()));
}

absl::StatusOr<pb::DeleteDocumentRequestResponse> RequestsHandler::DeleteDocumentRequest(
    const Call& call, const pb::DeleteDocumentRequestRequest& request) {
  RETURN_IF_ERROR(requests_.Remove(NameOf(call, request)));
  return pb::DeleteDocumentRequestResponse();
}

absl::StatusOr<pb::ListDocumentRequestsResponse> RequestsHandler::ListPortalDocumentRequests(
    const Call& call, const pb::ListDocumentRequestsRequest& request) {
  return List(call, request, call.caller.AccessTo(request.case_id()));
}

absl::StatusOr<pb::DocumentRequest> RequestsHandler::DeclarePortalDocumentUnavailable(
    const Call& call, const pb::DeclarePortalDocumentUnavailableRequest& request) {
  return ToProto(requests_.Decline(NameOf(call, request), *call.caller.AccessTo(request.case_id()),
                                   request.reason()));
}

absl::StatusOr<pb::LookUpCaseDocumentsResponse> RequestsHandler::LookUpCaseDocuments(
    const Call& call, const pb::LookUpCaseDocumentsRequest& request) {
  const std::string& organisation = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const auto labels, documents_.ListLabels(organisation, request.case_id()));
  ASSIGN_OR_RETURN(const auto ids, store_.ListIds(organisation, request.case_id()));
  ASSIGN_OR_RETURN(const auto open, store_.ListOpen(organisation, request.case_id(), kOpenMax));
  pb::LookUpCaseDocumentsResponse response;
  for (const std::string& label : labels) response.add_labels(label);
  for (const std::string& id : ids) response.add_document_request_ids(id);
  for (const DocumentRequest& one : open) {
    pb::OpenDocumentRequest& proto = *response.add_open_document_requests();
    proto.set_document_request_id(one.document_request_id);
    proto.set_title(one.title);
    proto.set_contact_id(one.contact_id);
    proto.set_due_date(one.due_date);
  }
  return response;
}

}  // namespace gatehouse::documents
