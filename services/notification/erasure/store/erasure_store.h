#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gatehouse/common/v1/erasure.pb.h"
#include "services/common/jobs/erasing.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::notification {

// The end of what is kept of a contact. The feed of events is left alone: it has ids only.
class ErasureStore {
 public:
  struct Options {
    Secret message_key;  // Under which messages wait.
    SealedTraces traces;
  };
  ErasureStore(Postgres& postgres, Options options)
      : postgres_(postgres), options_(std::move(options)) {}

  // Messages to it, the conversation with it, and where texts to others name it; in one
  // transaction. What waits is not sent, and its credits are released: messages to the contact, and
  // messages about its cases that name it. One that is just being sent leaves nothing behind
  // either.
  absl::StatusOr<common::v1::EraseContactResponse> Erase(const std::string& organisation_id,
                                                         const common::v1::Subject& subject);

 private:
  int64_t EraseWaiting(Transaction& tx, const std::string& organisation_id,
                       const common::v1::Subject& subject);

  Postgres& postgres_;
  const Options options_;
};

}  // namespace gatehouse::notification
