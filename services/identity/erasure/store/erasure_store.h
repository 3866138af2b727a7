#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/common/v1/erasure.pb.h"
#include "services/common/jobs/erasing.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::identity {

// The end of what is kept of a contact.
class ErasureStore {
 public:
  ErasureStore(Postgres& postgres, SealedTraces traces)
      : postgres_(postgres), traces_(std::move(traces)) {}

  // Its grants and sessions go, and each account that nobody else enters by, with all that it signs
  // in with; in one transaction, after which `revoked` is called with what has ended, for caches to
  // hear. The audit trail stays.
  using Revoked = std::function<void(const std::vector<std::string>& ids)>;
  absl::StatusOr<common::v1::EraseContactResponse> Erase(const std::string& organisation_id,
                                                         const common::v1::Subject& subject,
                                                         const Revoked& revoked);

 private:
  Postgres& postgres_;
  const SealedTraces traces_;
};

}  // namespace gatehouse::identity
