#include "services/notification/handler.h"

#include "absl/strings/numbers.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/proto_time.h"
#include "services/notification/domain/advice.h"
#include "services/notification/domain/messages.h"
#include "services/notification/domain/segments.h"
#include "services/notification/event_proto.h"

namespace gatehouse::notification {
namespace {

constexpr int kEventsByDefault = 100;

Draft DraftFrom(const Call& call, const pb::SubmitMessageRequest& request) {
  Draft draft{.organisation_id = call.caller.organisation_id,
              .request_id = request.request_id(),
              .recipient = request.recipient(),
              .case_id = request.case_id(),
              .topic = request.topic(),
              .own = {request.subject(), request.body()},
              .parameters = {request.parameters().begin(), request.parameters().end()}};
  if (request.has_expire_time()) draft.expire_time = FromProto(request.expire_time());
  return draft;
}

Event EventFrom(const pb::PublishEventRequest& request) {
  return {.request_id = request.request_id(),
          .type = request.type(),
          .case_id = request.case_id(),
          .time = FromProto(request.time()),
          .data = {request.data().begin(), request.data().end()}};
}

pb::Message ToProto(const Message& message) {
  pb::Message proto;
  proto.set_message_id(message.message_id);
  proto.set_channel(static_cast<pb::Channel>(message.channel));
  proto.set_template_(message.template_name);
  proto.set_to(message.masked_recipient);
  proto.set_state(static_cast<pb::MessageState>(message.state));
  proto.set_segments(message.segments);
  proto.set_attempts(message.attempts);
  *proto.mutable_create_time() = gatehouse::ToProto(message.create_time);
  if (message.send_time) *proto.mutable_send_time() = gatehouse::ToProto(*message.send_time);
  proto.set_case_id(message.case_id);
  proto.set_failure(message.failure);
  proto.set_template_id(message.template_id);
  proto.set_template_version(message.template_version);
  proto.set_delivery(static_cast<pb::DeliveryState>(message.delivery));
  if (message.delivery_time) {
    *proto.mutable_delivery_time() = gatehouse::ToProto(*message.delivery_time);
  }
  proto.set_delivery_failure(message.delivery_failure);
  proto.set_advice(AdviceOn(message));
  return proto;
}

// Refuses UNKNOWN_TEMPLATE.
absl::StatusOr<const Kind*> KindBy(const std::string& name, Channel channel) {
  const Kind* const kind = FindKind(name);
  if (kind != nullptr && kind->channel == channel) return kind;
  return Refuse(v1::UNKNOWN_TEMPLATE, "there is no such template for this channel");
}

pb::Balance BalanceOf(int64_t credits) {
  pb::Balance balance;
  balance.set_balance(credits);
  return balance;
}

}  // namespace

void Handler::Register(Server& server) {
  server.Service("gatehouse.notification.v1.Credits")
      .Unary("GetBalance", *this, &Handler::GetBalance)
      .Unary("PurchaseCredits", *this, &Handler::PurchaseCredits)
      .Unary("ListEntries", *this, &Handler::ListEntries);
  server.Service("gatehouse.notification.v1.Messages")
      .Unary("ListMessages", *this, &Handler::ListMessages);
  server.Service("gatehouse.notification.v1.Events")
      .Unary("ListEvents", *this, &Handler::ListEvents);
  server.Service("gatehouse.notification.v1.Intake")
      .Unary("SubmitMessage", *this, &Handler::SubmitMessage)
      .Unary("PublishEvent", *this, &Handler::PublishEvent)
      .Unary("PublishEvents", *this, &Handler::PublishEvents)
      .Unary("CheckSms", *this, &Handler::CheckSms)
      .Unary("CheckTemplate", *this, &Handler::CheckTemplate)
      .Unary("LookUpMessages", *this, &Handler::LookUpMessages);
}

absl::StatusOr<pb::Balance> Handler::GetBalance(const Call& call, const pb::GetBalanceRequest&) {
  ASSIGN_OR_RETURN(const int64_t balance, store_.Balance(call.caller.organisation_id));
  return BalanceOf(balance);
}

absl::StatusOr<pb::Balance> Handler::PurchaseCredits(const Call& call,
                                                     const pb::PurchaseCreditsRequest& request) {
  ASSIGN_OR_RETURN(const int64_t balance, store_.Purchase(call.caller.organisation_id,
                                                          request.credits(), request.reference()));
  return BalanceOf(balance);
}

absl::StatusOr<pb::ListEntriesResponse> Handler::ListEntries(
    const Call& call, const pb::ListEntriesRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<Entry> entries,
                   store_.ListEntries(call.caller.organisation_id, page));
  pb::ListEntriesResponse response;
  response.set_next_page_token(
      CutPage(entries, page, [](const Entry& entry) { return std::to_string(entry.number); }));
  for (const Entry& entry : entries) {
    pb::Entry& proto = *response.add_entries();
    proto.set_entry_number(entry.number);
    proto.set_kind(static_cast<pb::EntryKind>(entry.kind));
    proto.set_credits(entry.credits);
    proto.set_balance(entry.balance);
    proto.set_reference(entry.reference);
    *proto.mutable_create_time() = gatehouse::ToProto(entry.create_time);
  }
  return response;
}

absl::StatusOr<pb::ListMessagesResponse> Handler::ListMessages(
    const Call& call, const pb::ListMessagesRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<Message> messages,
                   store_.ListMessages(call.caller.organisation_id, request.case_id(), page));
  pb::ListMessagesResponse response;
  response.set_next_page_token(
      CutPage(messages, page, [](const Message& message) { return message.message_id; }));
  for (const Message& message : messages) *response.add_messages() = ToProto(message);
  return response;
}

absl::StatusOr<pb::ListEventsResponse> Handler::ListEvents(const Call& call,
                                                           const pb::ListEventsRequest& request) {
  ASSIGN_OR_RETURN(const Page page, CursorOf(request, kEventsByDefault));
  ASSIGN_OR_RETURN(int64_t last, NumberAfter(page));
  ASSIGN_OR_RETURN(const std::vector<Event> events,
                   store_.ListEvents(call.caller.organisation_id, last, page.size));
  pb::ListEventsResponse response;
  for (const Event& event : events) {
    *response.add_events() = ToProto(event);
    last = event.number;
  }
  response.set_next_page_token(page.TokenAfter(std::to_string(last)));
  return response;
}

absl::StatusOr<pb::SubmitMessageResponse> Handler::SubmitMessage(
    const Call& call, const pb::SubmitMessageRequest& request) {
  ASSIGN_OR_RETURN(const Kind* const kind,
                   KindBy(request.template_(), static_cast<Channel>(request.channel())));
  ASSIGN_OR_RETURN(const Message message,
                   submitter_.Submit(DraftFrom(call, request), *kind, request.template_id(),
                                     request.language()));
  pb::SubmitMessageResponse response;
  response.set_message_id(message.message_id);
  response.set_segments(message.segments);
  return response;
}

absl::StatusOr<pb::PublishEventResponse> Handler::PublishEvent(
    const Call& call, const pb::PublishEventRequest& request) {
  ASSIGN_OR_RETURN(const std::string id,
                   publisher_.Publish(call.caller.organisation_id, EventFrom(request)));
  pb::PublishEventResponse response;
  response.set_event_id(id);
  return response;
}

absl::StatusOr<pb::PublishEventsResponse> Handler::PublishEvents(
    const Call& call, const pb::PublishEventsRequest& request) {
  std::vector<Event> events;
  for (const auto& one : request.requests()) events.push_back(EventFrom(one));
  RETURN_IF_ERROR(publisher_.PublishAll(call.caller.organisation_id, events));
  return pb::PublishEventsResponse();
}

absl::StatusOr<pb::CheckSmsResponse> Handler::CheckSms(const Call& call,
                                                       const pb::CheckSmsRequest& request) {
  ASSIGN_OR_RETURN(const int64_t balance, store_.Balance(call.caller.organisation_id));
  ASSIGN_OR_RETURN(const auto own, submitter_.OwnSender(call.caller.organisation_id));
  pb::CheckSmsResponse response;
  response.set_configured(sms_sender_.has_value() || own.has_value());
  response.set_balance(balance);
  response.set_sender(own.value_or(sms_sender_.value_or("")));
  if (!request.template_().empty()) {
    ASSIGN_OR_RETURN(const Kind* const kind, KindBy(request.template_(), Channel::kSms));
    ASSIGN_OR_RETURN(const StoredTemplate chosen,
                     submitter_.Choose(call.caller.organisation_id, *kind, "", ""));
    ASSIGN_OR_RETURN(
        const Text text,
        Render(*kind, {}, chosen.text, {request.parameters().begin(), request.parameters().end()}));
    response.set_segments(own.has_value() ? 0 : Segments(text.body));
  }
  if (request.recipient().empty()) return response;
  const absl::Status reached =
      submitter_.CheckSmsTo(call.caller.organisation_id, request.recipient());
  response.set_stopped(ReasonOf(reached) == v1::Reason_Name(v1::SMS_STOPPED));
  response.set_country_not_allowed(ReasonOf(reached) ==
                                   v1::Reason_Name(v1::SMS_COUNTRY_NOT_ALLOWED));
  const bool answered = response.stopped() || response.country_not_allowed();
  if (!answered) RETURN_IF_ERROR(reached);
  return response;
}

absl::StatusOr<pb::CheckTemplateResponse> Handler::CheckTemplate(
    const Call& call, const pb::CheckTemplateRequest& request) {
  const std::string& id = call.caller.organisation_id;
  const Kind* const kind = FindKind(request.template_());
  if (kind == nullptr) return Refuse(v1::UNKNOWN_TEMPLATE, "there is no such kind of message");
  // Its own settings know no region.
  ASSIGN_OR_RETURN(const pb::TemplateSettings rules, rules_.Get(id, ""));
  RETURN_IF_ERROR(templates_.CheckChoice(
      id, *kind, request.template_id(), {request.subject(), request.body()},
      Templates::Fixed(rules.fixed_kinds().begin(), rules.fixed_kinds().end())));
  return pb::CheckTemplateResponse();
}

absl::StatusOr<pb::LookUpMessagesResponse> Handler::LookUpMessages(
    const Call& call, const pb::LookUpMessagesRequest& request) {
  ASSIGN_OR_RETURN(const auto states,
                   store_.LookUp(call.caller.organisation_id,
                                 {request.request_ids().begin(), request.request_ids().end()}));
  pb::LookUpMessagesResponse response;
  for (const auto& [id, state] : states) {
    (*response.mutable_states())[id] = static_cast<pb::MessageState>(state);
  }
  return response;
}

}  // namespace gatehouse::notification
