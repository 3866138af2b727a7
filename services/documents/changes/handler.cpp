#include "services/documents/changes/handler.h"

#include "services/documents/document_proto.h"

namespace gatehouse::documents {
namespace {

template <typename Request>
DocumentName NameOf(const Call& call, const Request& request) {
  return {call.caller.organisation_id, request.case_id(), request.document_id()};
}

absl::StatusOr<pb::Document> AnswerOf(const absl::StatusOr<Document>& document) {
  RETURN_IF_ERROR(document.status());
  return ToProto(*document);
}

}  // namespace

absl::StatusOr<pb::Document> ChangesHandler::UpdateDocument(
    const Call& call, const pb::UpdateDocumentRequest& request) {
  std::optional<std::string> label, folder;
  if (request.has_label()) label = request.label();
  if (request.has_folder()) folder = request.folder();
  return AnswerOf(changes_.Update(NameOf(call, request), label, folder));
}

absl::StatusOr<pb::Document> ChangesHandler::ShareDocument(
    const Call& call, const pb::ShareDocumentRequest& request) {
  return AnswerOf(changes_.Share(NameOf(call, request), request.contact_id()));
}

absl::StatusOr<pb::Document> ChangesHandler::UnshareDocument(
    const Call& call, const pb::UnshareDocumentRequest& request) {
  return AnswerOf(changes_.Unshare(NameOf(call, request)));
}

absl::StatusOr<pb::DeleteDocumentResponse> ChangesHandler::DeleteDocument(
    const Call& call, const pb::DeleteDocumentRequest& request) {
  RETURN_IF_ERROR(changes_.Remove(NameOf(call, request), nullptr, {false, call.caller.actor_id}));
  return pb::DeleteDocumentResponse();
}

absl::StatusOr<pb::DeleteDocumentResponse> ChangesHandler::DeletePortalDocument(
    const Call& call, const pb::DeleteDocumentRequest& request) {
  const CaseAccess* access = call.caller.AccessTo(request.case_id());
  RETURN_IF_ERROR(changes_.Remove(NameOf(call, request), access, {true, access->contact_id}));
  return pb::DeleteDocumentResponse();
}

}  // namespace gatehouse::documents
