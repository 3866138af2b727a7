#include "services/documents/downloads/handler.h"

#include "services/documents/document_proto.h"
#include "services/documents/downloads/blob_source.h"
#include "services/documents/downloads/domain/download.h"
#include "services/documents/uploads/domain/search.h"

namespace gatehouse::documents {

absl::StatusOr<pb::ListDocumentsResponse> DownloadsHandler::List(
    const Call& call, const pb::ListDocumentsRequest& request, const CaseAccess* access) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(
      std::vector<Document> documents,
      documents_.List(call.caller.organisation_id, request.case_id(), access,
                      {request.document_request_id(), request.folder(), WordsOf(request.query())},
                      page));
  pb::ListDocumentsResponse response;
  response.set_next_page_token(
      CutPage(documents, page, [](const Document& document) { return document.document_id; }));
  std::vector<std::string> ids;
  for (const Document& document : documents) {
    *response.add_documents() = ToProto(document);
    ids.push_back(document.document_id);
  }
  ASSIGN_OR_RETURN(const SignatureStates states,
                   signatures_.StatesOf(call.caller.organisation_id,
                                        access == nullptr ? "" : access->contact_id, ids));
  for (pb::Document& document : *response.mutable_documents()) {
    const auto state = states.find(document.document_id());
    if (state == states.end()) continue;
    document.set_signature_state(static_cast<pb::SignatureState>(state->second));
  }
  return response;
}

absl::StatusOr<pb::ListDocumentsResponse> DownloadsHandler::ListDocuments(
    const Call& call, const pb::ListDocumentsRequest& request) {
  return List(call, request, nullptr);
}

absl::StatusOr<pb::ListDocumentsResponse> DownloadsHandler::ListPortalDocuments(
    const Call& call, const pb::ListDocumentsRequest& request) {
  return List(call, request, call.caller.AccessTo(request.case_id()));
}

DownloadsHandler::Sends DownloadsHandler::Send(const Call& call,
                                               const pb::DownloadDocumentRequest& request,
                                               const CaseAccess* access) {
  ASSIGN_OR_RETURN(const Document document,
                   documents_.Get(call.caller.organisation_id, request.case_id(), access,
                                  request.document_id()));
  if (document.scan != Scan::kClean) {
    ASSIGN_OR_RETURN(const DocumentRules rules, rules_.Get(document.organisation_id));
    RETURN_IF_ERROR(CheckScan(document.scan, rules.unscanned_downloads));
  }
  return SendBlob(blobs_, document, request.range(), request.if_range());
}

DownloadsHandler::Sends DownloadsHandler::DownloadDocument(
    const Call& call, const pb::DownloadDocumentRequest& request) {
  return Send(call, request, nullptr);
}

DownloadsHandler::Sends DownloadsHandler::DownloadPortalDocument(
    const Call& call, const pb::DownloadDocumentRequest& request) {
  return Send(call, request, call.caller.AccessTo(request.case_id()));
}

}  // namespace gatehouse::documents
