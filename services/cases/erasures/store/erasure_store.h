#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/erasures.pb.h"
#include "services/cases/erasures/domain/known_as.h"
#include "services/common/base/caller.h"
#include "services/common/base/page.h"
#include "services/common/jobs/erasing.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The lane of jobs that drive erasures.
constexpr char kErasureLane[] = "erasures";

// Erasures of contacts, and this service's own part of them.
class ErasureStore {
 public:
  ErasureStore(Postgres& postgres, Outbox& outbox, SealedTraces traces)
      : postgres_(postgres), outbox_(outbox), traces_(std::move(traces)) {}

  // Begins one: the contact leaves its cases, and a job does the rest. The one that is under way,
  // or the last one where nothing is in the mirror since, begins none. Waits briefly until
  // invitations have heard.
  absl::StatusOr<v1::Erasure> Begin(const Call& call, const std::string& contact_id);
  // Refuses NOT_FOUND.
  absl::StatusOr<v1::Erasure> Get(const std::string& organisation_id,
                                  const std::string& erasure_id);
  // Newest first.
  absl::StatusOr<std::vector<v1::Erasure>> List(const std::string& organisation_id,
                                                const Page& page);

  // Whether this is the erasure's next step still: a job may be done again.
  absl::StatusOr<bool> IsNext(const std::string& organisation_id, const v1::ErasureStep& step);
  // A step is done, with this: it is counted, and the next one becomes due after `wait`, about the
  // same subject; after the last one the erasure is done, and `contact.erased` says so. Once.
  absl::Status Advance(const std::string& organisation_id, const v1::ErasureStep& done,
                       const common::v1::EraseContactResponse& receipt, absl::Duration wait);
  // What cases keeps goes, and the step is done, all or nothing.
  absl::Status EraseOwn(const std::string& organisation_id, const v1::ErasureStep& step,
                        absl::Duration wait);

  // Of what the contact is known by, what is its alone, now that `more` is known.
  absl::StatusOr<common::v1::Subject> Narrow(const std::string& organisation_id,
                                             const common::v1::Subject& subject,
                                             const common::v1::Subject& more);

 private:
  absl::StatusOr<v1::Erasure> Make(Transaction& tx, const Call& call,
                                   const std::string& contact_id);

  Postgres& postgres_;
  Outbox& outbox_;
  const SealedTraces traces_;
};

}  // namespace gatehouse::cases
