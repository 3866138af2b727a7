#pragma once

#include "services/common/postgres/postgres.h"
#include "services/notification/conversations/domain/conversation.h"

namespace gatehouse::notification {

class PostgresConversations : public ConversationStore {
 public:
  explicit PostgresConversations(Postgres& postgres) : postgres_(postgres) {}

  absl::StatusOr<absl::Time> Add(const std::string& organisation_id,
                                 const ConversationMessage& message) override;
  absl::StatusOr<std::vector<ConversationMessage>> List(const std::string& organisation_id,
                                                        const Reader& reader,
                                                        const Page& page) override;
  absl::Status MarkRead(const std::string& organisation_id, const Reader& reader,
                        const std::string& message_id) override;

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::notification
