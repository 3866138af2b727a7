#include "services/documents/signing/effects.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/documents/v1/signing_events.pb.h"
#include "gatehouse/notification/v1/preferences.pb.h"
#include "services/common/jobs/events.h"
#include "services/documents/signing/seal_job.h"
#include "services/documents/signing/signature_job.h"

namespace gatehouse::documents {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(300);

using Request = SignatureRequest;

// The events of a case are told in their order: whoever changes a request holds the case's row.
template <typename Event>
void Tell(const Request& request, const SignatureEvent& noted, OutboxCalls& calls) {
  Event event;
  event.set_signature_request_id(request.signature_request_id);
  event.set_document_id(request.document_id);
  if constexpr (requires { event.set_contact_id(""); }) event.set_contact_id(noted.contact_id);
  AddEvent(event, {.case_id = request.case_id, .time = noted.time, .order_key = request.case_id},
           calls);
}

using Teller = void (*)(const Request&, const SignatureEvent&, OutboxCalls&);
const std::map<std::string, Teller>& Tellers() {
  static const std::map<std::string, Teller> tellers = {
      {"asked", Tell<v1::SignatureRequested>},
      {"signed", Tell<v1::SignatureGiven>},
      {"accepted", Tell<v1::SignatureGiven>},
      {"submitted", Tell<v1::SignatureSubmitted>},
      {"returned", Tell<v1::SignatureReturned>},
      {"declined", Tell<v1::SignatureDeclined>},
      {"completed", Tell<v1::SignatureCompleted>},
      {"voided", Tell<v1::SignatureVoided>},
      {"expired", Tell<v1::SignatureExpired>},
      {"countersigning", Tell<v1::SignatureCountersigning>}};
  return tellers;
}

void AddNote(const Request& request, const std::string& author, const std::string& text,
             OutboxCalls& calls) {
  cases::v1::AddNoteRequest note;
  note.set_case_id(request.case_id);
  note.set_text(text);
  note.set_author(author.empty() ? "Client" : author);
  calls.Add(&cases::v1::CaseDirectory_Stub::AddNote, note);
}

void AddNoteOf(const Request& request, const SignatureEvent& event, OutboxCalls& calls) {
  const std::string& who = event.actor_name;
  if (event.type == "signed") {
    AddNote(request, who, absl::StrCat(who, " signed ", request.title, "."), calls);
  } else if (event.type == "submitted") {
    AddNote(request, who, absl::StrCat(who, " handed in ", request.title, ", signed on paper."),
            calls);
  } else if (event.type == "declined") {
    AddNote(request, who,
            absl::StrCat(who, " will not sign ", request.title, ": ", request.end_reason), calls);
  }
}

// By what it goes, to which address and in what words around it, notification knows.
void AddNotice(const Request& request, const SignatureNotice& notice, OutboxCalls& calls) {
  notification::v1::TellContactRequest told;
  told.set_action(notice.action);
  told.set_case_id(request.case_id);
  told.set_contact_id(notice.contact_id);
  (*told.mutable_parameters())["documents"] = notice.words;
  calls.Add(&notification::v1::Telling_Stub::TellContact, told);
}

}  // namespace

void SignatureEffects::Follow(Transaction& transaction, const SignatureChange& change,
                              const std::vector<SignatureNotice>& notices) {
  const Request& request = change.request;
  OutboxCalls calls(request.organisation_id);
  for (const SignatureEvent& event : change.events) {
    const auto teller = Tellers().find(event.type);
    if (teller != Tellers().end()) teller->second(request, event, calls);
    AddNoteOf(request, event, calls);
  }
  for (const SignatureNotice& notice : notices) AddNotice(request, notice, calls);
  if (!calls.jobs().empty()) outbox_.Add(transaction, std::move(calls), kPatience);
}

void SignatureEffects::SealLater(Transaction& transaction, const SignatureName& name) {
  OutboxCalls calls(name.organisation_id);
  calls.AddJob(kSealLane, "signature.seal",
               absl::StrCat(name.case_id, "\n", name.signature_request_id), absl::InfinitePast());
  outbox_.Add(transaction, std::move(calls));
}

void SignatureEffects::Sealed(Transaction& transaction, const SignatureName& name,
                              const std::string& document_id,
                              const std::string& sealed_document_id) {
  v1::SignatureSealed event;
  event.set_signature_request_id(name.signature_request_id);
  event.set_document_id(document_id);
  event.set_sealed_document_id(sealed_document_id);
  OutboxCalls calls(name.organisation_id);
  AddEvent(event, {.case_id = name.case_id, .time = absl::Now(), .order_key = name.case_id}, calls);
  outbox_.Add(transaction, std::move(calls), kPatience);
}

void SignatureEffects::LookAt(Transaction& transaction, const SignatureRequest& request) {
  if (request.next_look == absl::InfiniteFuture()) return;
  OutboxCalls calls(request.organisation_id);
  calls.AddJob(kSignatureLane, "signature.look",
               absl::StrCat(request.case_id, "\n", request.signature_request_id),
               request.next_look);
  outbox_.Add(transaction, std::move(calls));
}

}  // namespace gatehouse::documents
