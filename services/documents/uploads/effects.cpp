#include "services/documents/uploads/effects.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::documents {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(300);

notification::v1::PublishEventRequest EventOf(const Document& document) {
  notification::v1::PublishEventRequest request;
  request.set_type("document.uploaded");
  request.set_case_id(document.case_id);
  *request.mutable_time() = gatehouse::ToProto(document.create_time);
  auto& data = *request.mutable_data();
  data["documentId"] = document.document_id;
  data["folder"] = FolderOf(document);
  if (!document.document_request_id.empty()) {
    data["documentRequestId"] = document.document_request_id;
  }
  if (document.from_client) data["contactId"] = document.uploader_id;
  return request;
}

cases::v1::AddNoteRequest NoteOf(const Document& document) {
  cases::v1::AddNoteRequest request;
  request.set_case_id(document.case_id);
  request.set_text(absl::StrCat(document.uploader_name, " handed in ", document.filename, "."));
  request.set_author(document.uploader_name.empty() ? "Client" : document.uploader_name);
  return request;
}

}  // namespace

void Effects::Kept(Transaction& transaction, const Document& document) {
  OutboxCalls calls(document.organisation_id);
  calls.Add(&notification::v1::Intake_Stub::PublishEvent, EventOf(document), document.case_id);
  if (document.from_client) {
    calls.Add(&cases::v1::CaseDirectory_Stub::AddNote, NoteOf(document));
  }
  outbox_.Add(transaction, std::move(calls), kPatience);
}

}  // namespace gatehouse::documents
