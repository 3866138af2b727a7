#include "services/notification/sandbox/sandbox_handler.h"

#include <vector>

#include "services/common/base/proto_time.h"

namespace gatehouse::notification {

void SandboxHandler::Register(Server& server) {
  server.Service("gatehouse.notification.v1.Sandbox")
      .Unary("ListSandboxMessages", *this, &SandboxHandler::ListSandboxMessages);
}

absl::StatusOr<v1::ListSandboxMessagesResponse> SandboxHandler::ListSandboxMessages(
    const Call& call, const v1::ListSandboxMessagesRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<SandboxMessage> messages,
                   inbox_.List(call.caller.organisation_id, request.recipient(), page));
  v1::ListSandboxMessagesResponse response;
  response.set_next_page_token(
      CutPage(messages, page, [](const SandboxMessage& message) { return message.message_id; }));
  for (const SandboxMessage& message : messages) {
    v1::SandboxMessage& proto = *response.add_messages();
    proto.set_message_id(message.message_id);
    proto.set_channel(static_cast<v1::Channel>(message.channel));
    proto.set_recipient(message.recipient);
    proto.set_subject(message.text.subject);
    proto.set_body(message.text.body);
    proto.set_html(message.text.html);
    *proto.mutable_arrive_time() = gatehouse::ToProto(message.arrive_time);
  }
  return response;
}

}  // namespace gatehouse::notification
