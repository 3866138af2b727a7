#pragma once

#include <string>
#include <vector>

#include "gatehouse/cases/v1/removals.pb.h"
#include "services/common/jobs/sweeper.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::documents {

// What there is of cases that were deleted.
class RemovalStore {
 public:
  explicit RemovalStore(Postgres& postgres) : postgres_(postgres) {}

  // Puts aside what is about the case and older than its removal, in one transaction. Counted in
  // the organisation's quota all the same: its bytes are there.
  absl::Status PutAside(const std::string& organisation_id, const std::string& case_id,
                        const cases::v1::CaseRemoval& removal);

 private:
  Postgres& postgres_;
};

// What was put aside is removed for good so long after, its bytes by the collector; but for what a
// completed signing stands on, as at an erasure (docs/adr/0054).
std::vector<Retention> RemovedCases(absl::Duration age);

}  // namespace gatehouse::documents
