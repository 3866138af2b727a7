#include "services/documents/requests/templates_handler.h"

namespace gatehouse::documents {
namespace {

RequestTemplate FromProto(const Call& call, const pb::PutDocumentRequestTemplateRequest& request) {
  RequestTemplate put = {.organisation_id = call.caller.organisation_id,
                         .template_id = request.document_request_template_id(),
                         .display_name = request.display_name(),
                         .case_kind = request.case_kind()};
  for (const pb::DocumentRequestTemplateItem& item : request.items()) {
    put.items.push_back(
        {.title = item.title(), .label = item.label(), .due_days = item.due_days()});
  }
  return put;
}

pb::DocumentRequestTemplate ToProto(const RequestTemplate& kept) {
  pb::DocumentRequestTemplate proto;
  proto.set_document_request_template_id(kept.template_id);
  proto.set_display_name(kept.display_name);
  proto.set_case_kind(kept.case_kind);
  for (const RequestTemplate::Item& item : kept.items) {
    pb::DocumentRequestTemplateItem& added = *proto.add_items();
    added.set_title(item.title);
    added.set_label(item.label);
    added.set_due_days(item.due_days);
  }
  return proto;
}

}  // namespace

absl::StatusOr<pb::DocumentRequestTemplate> TemplatesHandler::PutDocumentRequestTemplate(
    const Call& call, const pb::PutDocumentRequestTemplateRequest& request) {
  const RequestTemplate put = FromProto(call, request);
  RETURN_IF_ERROR(store_.Put(put));
  return ToProto(put);
}

absl::StatusOr<pb::ListDocumentRequestTemplatesResponse>
TemplatesHandler::ListDocumentRequestTemplates(
    const Call& call, const pb::ListDocumentRequestTemplatesRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<RequestTemplate> templates,
                   store_.List(call.caller.organisation_id, request.case_kind(), page));
  pb::ListDocumentRequestTemplatesResponse response;
  response.set_next_page_token(
      CutPage(templates, page, [](const RequestTemplate& one) { return one.template_id; }));
  for (const RequestTemplate& one : templates) {
    *response.add_document_request_templates() = ToProto(one);
  }
  return response;
}

absl::StatusOr<pb::DeleteDocumentRequestTemplateResponse>
TemplatesHandler::DeleteDocumentRequestTemplate(
    const Call& call, const pb::DeleteDocumentRequestTemplateRequest& request) {
  RETURN_IF_ERROR(
      store_.Remove(call.caller.organisation_id, request.document_request_template_id()));
  return pb::DeleteDocumentRequestTemplateResponse();
}

}  // namespace gatehouse::documents
