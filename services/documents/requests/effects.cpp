#include "services/documents/requests/effects.h"

#include "absl/time/clock.h"
#include "gatehouse/documents/v1/events.pb.h"
#include "gatehouse/notification/v1/preferences.pb.h"
#include "services/common/jobs/events.h"
#include "services/documents/requests/reminder_job.h"

namespace gatehouse::documents {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(300);

// The events of a case are told in their order: whoever changes a request holds the case's row.
template <typename Event>
void Say(Event event, const DocumentRequest& request, absl::Time time, OutboxCalls& calls) {
  event.set_document_request_id(request.document_request_id);
  event.set_contact_id(request.contact_id);
  AddEvent(event, {.case_id = request.case_id, .time = time, .order_key = request.case_id}, calls);
}

}  // namespace

void RequestEffects::Changed(Transaction& transaction, const DocumentRequest& request) {
  OutboxCalls calls(request.organisation_id);
  if (request.state == RequestState::kAccepted) {
    Say(v1::DocumentRequestAccepted(), request, request.review_time, calls);
  } else if (request.state == RequestState::kReturned) {
    Say(v1::DocumentRequestReturned(), request, request.review_time, calls);
  } else {
    Say(v1::DocumentRequestDeclined(), request, absl::Now(), calls);
  }
  outbox_.Add(transaction, std::move(calls), kPatience);
}

void RequestEffects::Send(Transaction& transaction, const std::string& organisation_id,
                          const std::string& case_id, const std::vector<ReminderMail>& mails) {
  OutboxCalls calls(organisation_id);
  for (const ReminderMail& mail : mails) {
    notification::v1::TellContactRequest request;
    request.set_action(mail.action);
    request.set_case_id(case_id);
    request.set_contact_id(mail.contact_id);
    for (const auto& [name, value] : mail.values) (*request.mutable_parameters())[name] = value;
    calls.Add(&notification::v1::Telling_Stub::TellContact, request);
  }
  outbox_.Add(transaction, std::move(calls));
}

void RequestEffects::LookAt(Transaction& transaction, const std::string& organisation_id,
                            const std::string& case_id, absl::Time time) {
  OutboxCalls calls(organisation_id);
  calls.AddJob(kReminderLane, "document_request.look", case_id, time);
  outbox_.Add(transaction, std::move(calls));
}

}  // namespace gatehouse::documents
