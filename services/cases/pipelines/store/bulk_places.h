#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cases/domain/case.h"
#include "services/cases/domain/facts.h"
#include "services/common/base/caller.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// Where many cases stand after a put, in as many statements as for one.
class BulkPlaces {
 public:
  BulkPlaces(Postgres& postgres, Outbox& outbox, CaseFacts& facts)
      : postgres_(postgres), outbox_(outbox), facts_(facts) {}

  // As Places::Follow of each, in the transaction of their put. Where it refuses some, it says
  // which and why, and the transaction is not to be kept: nobody has moved then.
  using Refused = std::map<std::string, absl::Status>;
  absl::StatusOr<Refused> FollowAll(const Caller& caller, const std::vector<Case>& puts);

 private:
  Postgres& postgres_;
  Outbox& outbox_;
  CaseFacts& facts_;
};

}  // namespace gatehouse::cases
