#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/page.h"
#include "services/common/postgres/postgres.h"
#include "services/notification/domain/sender.h"

namespace gatehouse::notification {

// A message that arrived in a sandbox.
struct SandboxMessage {
  std::string message_id;
  Channel channel = Channel::kEmail;
  std::string recipient;
  Text text;
  absl::Time arrive_time;
};

// Where a sandbox's messages arrive, in PostgreSQL. Each method is atomic.
class PostgresInbox {
 public:
  explicit PostgresInbox(Postgres& postgres) : postgres_(postgres) {}

  // Keeps a message, which arrives so much later; the same one once.
  absl::Status Keep(const Outgoing& message, Channel channel, absl::Duration delay);
  // What has arrived, newest first. An empty recipient: for all.
  absl::StatusOr<std::vector<SandboxMessage>> List(const std::string& organisation_id,
                                                   const std::string& recipient, const Page& page);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::notification
