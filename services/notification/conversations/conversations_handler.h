#pragma once

#include "gatehouse/notification/v1/conversations.pb.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/notification/conversations/domain/conversation.h"
#include "services/notification/publisher.h"
#include "services/notification/submitter.h"

namespace gatehouse::notification {

// The RPCs of proto/gatehouse/notification/v1/conversations.proto.
class ConversationsHandler {
 public:
  struct Places {
    Postgres& postgres;
    Outbox& outbox;  // Of the jobs that tell.
    ConversationStore& store;
    CaseDirectory& cases;
    OrganisationDirectory& organisations;
    Templates& templates;
    Publisher& publisher;
    Once& once;
  };
  explicit ConversationsHandler(Places places) : places_(places) {}
  void Register(Server& server);

  absl::StatusOr<v1::ConversationMessage> PostMessage(const Call& call,
                                                      const v1::PostMessageRequest& request);
  absl::StatusOr<v1::ListConversationResponse> ListConversation(
      const Call& call, const v1::ListConversationRequest& request);
  absl::StatusOr<v1::MarkConversationReadResponse> MarkConversationRead(
      const Call& call, const v1::MarkConversationReadRequest& request);
  absl::StatusOr<v1::ListPortalConversationResponse> ListPortalConversation(
      const Call& call, const v1::ListPortalConversationRequest& request);
  absl::StatusOr<v1::PortalMessage> ReplyToStaff(const Call& call,
                                                 const v1::ReplyToStaffRequest& request);
  absl::StatusOr<v1::MarkPortalConversationReadResponse> MarkPortalConversationRead(
      const Call& call, const v1::MarkPortalConversationReadRequest& request);

 private:
  absl::StatusOr<ConversationMessage> Compose(const Call& call,
                                              const v1::PostMessageRequest& request) const;
  // Keeps it and says `event`, with whatever else `tell` adds: all or nothing.
  absl::Status Keep(const Call& call, ConversationMessage& message, const Event& event,
                    OutboxCalls calls);

  const Places places_;
};

}  // namespace gatehouse::notification
