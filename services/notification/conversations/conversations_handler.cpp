#include "services/notification/conversations/conversations_handler.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/notification/v1/events.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/jobs/events.h"
#include "services/common/text/characters.h"
#include "services/notification/preferences/telling_lanes.h"

namespace gatehouse::notification {
namespace {

v1::ConversationMessage ToProto(const ConversationMessage& message) {
  v1::ConversationMessage proto;
  proto.set_message_id(message.message_id);
  proto.set_contact_id(message.contact_id);
  proto.set_author_name(message.author_name);
  const bool by_staff = message.contact_id.empty() && !message.recipients.empty();
  proto.set_text(by_staff ? message.recipients[0].text : message.text);
  *proto.mutable_create_time() = gatehouse::ToProto(message.create_time);
  for (const MessageRecipient& recipient : message.recipients) {
    v1::MessageRecipient& shown = *proto.add_recipients();
    shown.set_contact_id(recipient.contact_id);
    shown.set_text(recipient.text);
  }
  for (const MessageRead& read : message.reads) {
    v1::MessageRead& shown = *proto.add_reads();
    shown.set_contact_id(read.contact_id);
    shown.set_reader_name(read.reader_name);
    *shown.mutable_read_time() = gatehouse::ToProto(read.time);
  }
  return proto;
}

// What one contact sees of it: neither who else it was written to, nor that they read it.
v1::PortalMessage ToProto(const ConversationMessage& message, const std::string& contact_id) {
  v1::PortalMessage proto;
  proto.set_message_id(message.message_id);
  proto.set_own(message.contact_id == contact_id);
  proto.set_author_name(message.author_name);
  proto.set_text(message.text);
  for (const MessageRecipient& recipient : message.recipients) {
    if (recipient.contact_id == contact_id) proto.set_text(recipient.text);
  }
  *proto.mutable_create_time() = gatehouse::ToProto(message.create_time);
  for (const MessageRead& read : message.reads) {
    const bool by_staff = read.contact_id.empty();
    if (proto.has_read_time() || by_staff != proto.own()) continue;
    if (!by_staff && read.contact_id != contact_id) continue;
    *proto.mutable_read_time() = gatehouse::ToProto(read.time);
  }
  return proto;
}

Reader ReaderOf(const Call& call, const std::string& case_id) {
  const bool client = call.caller.kind == CallerKind::kClient;
  const CaseAccess* const access = client ? call.caller.AccessTo(case_id) : nullptr;
  return {.case_id = case_id,
          .contact_id = access == nullptr ? "" : access->contact_id,
          .reader_id = call.caller.actor_id,
          .reader_name = call.caller.actor_name};
}

template <typename Told>
Event EventOf(const Told& told, const ConversationMessage& message) {
  return {.request_id = message.message_id,
          .type = Told::descriptor()->options().GetExtension(common::v1::event).type(),
          .case_id = message.case_id,
          .time = absl::Now(),
          .data = FactsOf(told)};
}

}  // namespace

void ConversationsHandler::Register(Server& server) {
  using Self = ConversationsHandler;
  server.Service("gatehouse.notification.v1.Conversations")
      .Unary("PostMessage", *this, &Self::PostMessage)
      .Unary("ListConversation", *this, &Self::ListConversation)
      .Unary("MarkConversationRead", *this, &Self::MarkConversationRead);
  server.Service("gatehouse.notification.v1.PortalConversations")
      .Unary("ListPortalConversation", *this, &Self::ListPortalConversation)
      .Unary("ReplyToStaff", *this, &Self::ReplyToStaff)
      .Unary("MarkPortalConversationRead", *this, &Self::MarkPortalConversationRead);
}

absl::StatusOr<ConversationMessage> ConversationsHandler::Compose(
    const Call& call, const v1::PostMessageRequest& request) const {
  const std::string& id = call.caller.organisation_id;
  const Kind& kind = *FindKind("staff-message");
  const Text own = {request.subject(), request.text()};
  RETURN_IF_ERROR(places_.templates.CheckChoice(id, kind, request.template_id(), own, {}));
  auto found = places_.cases.LookUp(id, {request.case_id()});
  RETURN_IF_ERROR(found.at(0).status());
  const MirroredCase& mirrored = *found[0];
  ASSIGN_OR_RETURN(const auto contacts, Recipients(mirrored, {request.contact_ids().begin(),
                                                              request.contact_ids().end()}));
  ASSIGN_OR_RETURN(const OrganisationProfile organisation, places_.organisations.LookUp(id));
  ASSIGN_OR_RETURN(const StoredTemplate chosen,
                   places_.templates.Choose(id, kind, request.template_id(), ""));
  ConversationMessage message = {.message_id = NewId("cvm"),
                                 .case_id = request.case_id(),
                                 .author_id = call.caller.actor_id,
                                 .author_name = call.caller.actor_name};
  ASSIGN_OR_RETURN(message.recipients, TextsFor(contacts, own, chosen,
                                                {{"case_name", mirrored.display_name},
                                                 {"organisation_name", organisation.display_name},
                                                 {"sender_name", call.caller.actor_name},
                                                 {"portal_url", organisation.portal_url}}));
  return message;
}

absl::Status ConversationsHandler::Keep(const Call& call, ConversationMessage& message,
                                        const Event& event, OutboxCalls calls) {
  const std::string& id = call.caller.organisation_id;
  return places_.postgres.Write(Rows::Of(id), [&](Transaction& tx) -> absl::Status {
    ASSIGN_OR_RETURN(message.create_time, places_.store.Add(id, message));
    RETURN_IF_ERROR(places_.publisher.PublishAll(id, {event}));
    places_.outbox.Add(tx, calls);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::ConversationMessage> ConversationsHandler::PostMessage(
    const Call& call, const v1::PostMessageRequest& request) {
  return places_.once.Run(call, request, [&]() -> absl::StatusOr<v1::ConversationMessage> {
    ASSIGN_OR_RETURN(ConversationMessage message, Compose(call, request));
    OutboxCalls calls(call.caller.organisation_id);
    for (const MessageRecipient& recipient : message.recipients) {
      v1::TellContactRequest told;
      told.set_request_id(absl::StrCat(message.message_id, ":", recipient.contact_id));
      told.set_action("staff-message");
      told.set_case_id(message.case_id);
      told.set_contact_id(recipient.contact_id);
      (*told.mutable_parameters())["subject"] = recipient.subject;
      (*told.mutable_parameters())["text"] = recipient.text;
      (*told.mutable_parameters())["sender_name"] = message.author_name;
      AddTellingOf(told, calls);
    }
    v1::ConversationPosted posted;
    posted.set_message_id(message.message_id);
    if (message.recipients.size() == 1) posted.set_contact_id(message.recipients[0].contact_id);
    RETURN_IF_ERROR(Keep(call, message, EventOf(posted, message), std::move(calls)));
    return ToProto(message);
  });
}

absl::StatusOr<v1::ListConversationResponse> ConversationsHandler::ListConversation(
    const Call& call, const v1::ListConversationRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(auto messages, places_.store.List(call.caller.organisation_id,
                                                     ReaderOf(call, request.case_id()), page));
  v1::ListConversationResponse response;
  response.set_next_page_token(
      CutPage(messages, page, [](const auto& message) { return message.message_id; }));
  for (const ConversationMessage& message : messages) {
    *response.add_messages() = ToProto(message);
  }
  return response;
}

absl::StatusOr<v1::MarkConversationReadResponse> ConversationsHandler::MarkConversationRead(
    const Call& call, const v1::MarkConversationReadRequest& request) {
  RETURN_IF_ERROR(places_.store.MarkRead(call.caller.organisation_id,
                                         ReaderOf(call, request.case_id()), request.message_id()));
  return v1::MarkConversationReadResponse();
}

absl::StatusOr<v1::ListPortalConversationResponse> ConversationsHandler::ListPortalConversation(
    const Call& call, const v1::ListPortalConversationRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  const Reader reader = ReaderOf(call, request.case_id());
  ASSIGN_OR_RETURN(auto messages, places_.store.List(call.caller.organisation_id, reader, page));
  v1::ListPortalConversationResponse response;
  response.set_next_page_token(
      CutPage(messages, page, [](const auto& message) { return message.message_id; }));
  for (const ConversationMessage& message : messages) {
    *response.add_messages() = ToProto(message, reader.contact_id);
  }
  return response;
}

absl::StatusOr<v1::PortalMessage> ConversationsHandler::ReplyToStaff(
    const Call& call, const v1::ReplyToStaffRequest& request) {
  if (IsBlank(request.text())) return RefuseField("text", "there is nothing to read");
  return places_.once.Run(call, request, [&]() -> absl::StatusOr<v1::PortalMessage> {
    const Reader writer = ReaderOf(call, request.case_id());
    ConversationMessage message = {.message_id = NewId("cvm"),
                                   .case_id = request.case_id(),
                                   .contact_id = writer.contact_id,
                                   .author_id = call.caller.actor_id,
                                   .author_name = call.caller.actor_name,
                                   .text = request.text()};
    v1::ConversationReplied replied;
    replied.set_message_id(message.message_id);
    replied.set_contact_id(message.contact_id);
    RETURN_IF_ERROR(
        Keep(call, message, EventOf(replied, message), OutboxCalls(call.caller.organisation_id)));
    return ToProto(message, writer.contact_id);
  });
}

absl::StatusOr<v1::MarkPortalConversationReadResponse>
ConversationsHandler::MarkPortalConversationRead(
    const Call& call, const v1::MarkPortalConversationReadRequest& request) {
  RETURN_IF_ERROR(places_.store.MarkRead(call.caller.organisation_id,
                                         ReaderOf(call, request.case_id()), request.message_id()));
  return v1::MarkPortalConversationReadResponse();
}

}  // namespace gatehouse::notification
