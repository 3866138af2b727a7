#pragma once

#include <string>

#include "gatehouse/cases/v1/removals.pb.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::notification {

// What there is of cases that were deleted.
class RemovalStore {
 public:
  explicit RemovalStore(Postgres& postgres) : postgres_(postgres) {}

  // Puts aside what was sent and said about the case before its removal. What waits to be sent is
  // sent all the same, and what was put aside is swept when all else of its age is.
  absl::Status PutAside(const std::string& organisation_id, const std::string& case_id,
                        const cases::v1::CaseRemoval& removal);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::notification
