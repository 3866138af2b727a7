#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/common/jobs/jobs.h"
#include "services/notification/credits/credit_watch.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// A message that waits is a job of its channel's lane; its id and payload.
std::string LaneOf(Channel channel);
std::string JobIdOf(const std::string& organisation_id, const std::string& message_id);
std::string PayloadOf(const Outgoing& message);
// What a job of such a lane says of its message.
Claim ClaimFrom(const Job& job, Channel channel);

// Takes messages in: each with its credits and with the job that sends it, or none of them.
class MessageQueue {
 public:
  // `watch` tells of a balance that falls too low, in the message's transaction.
  MessageQueue(Postgres& postgres, Jobs& jobs, const CreditWatch& watch)
      : postgres_(postgres), jobs_(jobs), watch_(watch) {}

  // Keeps the message and reserves its segments' credits. With a `request_id` seen before: the
  // first message. Where another one waits under the same topic, that one is given up, and its
  // credits are back first; one that may have left already is asked after, and not sent again.
  // Refuses SMS_CREDITS_EXHAUSTED; DEADLINE_EXCEEDED once the current call's time is over, since
  // nobody waits for it any more.
  absl::StatusOr<Message> Submit(const NewMessage& message);

 private:
  absl::StatusOr<Message> SubmitIn(Transaction& tx, const NewMessage& message);

  Postgres& postgres_;
  Jobs& jobs_;
  const CreditWatch& watch_;
};

}  // namespace gatehouse::notification
