#include "services/documents/uploads/effects.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/documents/v1/events.pb.h"
#include "services/common/jobs/events.h"
#include "services/documents/previews/preview_job.h"
#include "services/documents/requests/reminder_job.h"
#include "services/documents/scanning/scan_job.h"

namespace gatehouse::documents {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(300);

v1::DocumentUploaded EventOf(const Document& document) {
  v1::DocumentUploaded event;
  event.set_document_id(document.document_id);
  event.set_folder(FolderOf(document));
  event.set_document_request_id(document.document_request_id);
  if (document.from_client) event.set_contact_id(document.uploader_id);
  return event;
}

cases::v1::AddNoteRequest NoteOf(const Document& document) {
  cases::v1::AddNoteRequest request;
  request.set_case_id(document.case_id);
  request.set_text(absl::StrCat(document.uploader_name, " handed in ", document.filename, "."));
  request.set_author(document.uploader_name.empty() ? "Client" : document.uploader_name);
  return request;
}

// An event of the document's case, now.
template <typename Event>
OutboxCalls CallsOf(const Event& event, const Document& document) {
  OutboxCalls calls(document.organisation_id);
  AddEvent(event, {.case_id = document.case_id, .time = absl::Now(), .order_key = document.case_id},
           calls);
  return calls;
}

}  // namespace

void Effects::Kept(Transaction& transaction, const Document& document) {
  OutboxCalls calls(document.organisation_id);
  AddEvent(
      EventOf(document),
      {.case_id = document.case_id, .time = document.create_time, .order_key = document.case_id},
      calls);
  if (document.from_client) {
    calls.Add(&cases::v1::CaseDirectory_Stub::AddNote, NoteOf(document));
  }
  if (document.scan == Scan::kPending) {
    calls.AddJob(kScanLane, "document.scan",
                 absl::StrCat(document.case_id, "\n", document.document_id), absl::InfinitePast());
  }
  outbox_.Add(transaction, std::move(calls), kPatience);
}

void Effects::Deleted(Transaction& transaction, const Document& document,
                      const std::string& replaced_by_document_id) {
  v1::DocumentDeleted event;
  event.set_document_id(document.document_id);
  event.set_replaced_by_document_id(replaced_by_document_id);
  if (document.from_client) event.set_contact_id(document.uploader_id);
  outbox_.Add(transaction, CallsOf(event, document), kPatience);
}

void Effects::Shared(Transaction& transaction, const Document& document) {
  v1::DocumentShared event;
  event.set_document_id(document.document_id);
  event.set_contact_id(document.shared_contact_id);
  outbox_.Add(transaction, CallsOf(event, document), kPatience);
}

void Effects::LookAt(Transaction& transaction, const Document& document, absl::Time time) {
  OutboxCalls calls(document.organisation_id);
  calls.AddJob(kReminderLane, "document_request.look", document.case_id, time);
  outbox_.Add(transaction, std::move(calls));
}

void Effects::PreviewLater(Transaction& transaction, const std::string& organisation_id,
                           const std::string& case_id, const std::string& document_id) {
  OutboxCalls calls(organisation_id);
  calls.AddJob(kPreviewLane, "document.preview", absl::StrCat(case_id, "\n", document_id),
               absl::InfinitePast());
  outbox_.Add(transaction, std::move(calls));
}

void Effects::Infected(Transaction& transaction, const Document& document) {
  v1::DocumentInfected event;
  event.set_document_id(document.document_id);
  event.set_finding(document.scan_finding);
  if (document.from_client) event.set_contact_id(document.uploader_id);
  outbox_.Add(transaction, CallsOf(event, document), kPatience);
}

}  // namespace gatehouse::documents
