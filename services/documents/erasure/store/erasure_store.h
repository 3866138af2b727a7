#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gatehouse/common/v1/erasure.pb.h"
#include "services/common/jobs/erasing.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::documents {

// The end of what is kept of a contact.
class ErasureStore {
 public:
  ErasureStore(Postgres& postgres, Outbox& outbox, SealedTraces traces)
      : postgres_(postgres), outbox_(outbox), traces_(std::move(traces)) {}

  // What it handed in or was shared with it alone, what was asked of it, its uploads, and signings
  // that it has a part in and that are not completed; in one transaction. Bytes that belonged to
  // these are loose then, and due to be collected at once. What a completed signing stands on
  // stays. Events say which documents are gone, and which signings are void.
  absl::StatusOr<common::v1::EraseContactResponse> Erase(const std::string& organisation_id,
                                                         const common::v1::Subject& subject);

 private:
  struct Scope;
  void EraseSignings(Transaction& tx, const Scope& scope, OutboxCalls& calls,
                     common::v1::EraseContactResponse& receipt);
  void EraseDocuments(Transaction& tx, const Scope& scope, OutboxCalls& calls,
                      common::v1::EraseContactResponse& receipt);

  Postgres& postgres_;
  Outbox& outbox_;
  const SealedTraces traces_;
};

}  // namespace gatehouse::documents
