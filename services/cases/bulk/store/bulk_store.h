#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cases/domain/case.h"
#include "services/cases/pipelines/store/bulk_places.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The mirror, many cases at a time. Every method is about one organisation's rows, and is kept
// whole or not at all; what follows from it is told as Store tells it of one case.
class BulkStore {
 public:
  BulkStore(Postgres& postgres, Outbox& outbox, BulkPlaces& places)
      : postgres_(postgres), outbox_(outbox), places_(places) {}

  // The time by the clock that says when a case was put.
  absl::StatusOr<absl::Time> Now();

  // Puts the cases, each id once, in a fixed number of statements. Those that Store::Put would
  // refuse are left out, and the answer says why; of the others it has the etags.
  using Etags = std::map<std::string, absl::StatusOr<std::string>>;
  absl::StatusOr<Etags> Put(const Caller& caller, const std::vector<Case>& puts);

  // The cases that were not put at this time or since: how many, and the first by their ids.
  struct Unput {
    int64_t count = 0;
    std::vector<std::string> case_ids;
  };
  absl::StatusOr<Unput> FindUnput(const std::string& organisation_id, absl::Time put_before,
                                  int limit);
  // Deletes the first of them, where there are `expected`; else refuses UNPUT_COUNT_CHANGED. Those
  // that it has deleted, and how many are left.
  absl::StatusOr<Unput> DeleteUnput(const Caller& caller, absl::Time put_before, int64_t expected,
                                    int limit);

 private:
  // Without what was refused before. What BulkPlaces refuses of them leaves nothing of it.
  absl::Status PutOnce(const Caller& caller, const std::vector<Case>& puts, Etags& etags,
                       BulkPlaces::Refused& refused);

  Postgres& postgres_;
  Outbox& outbox_;
  BulkPlaces& places_;
};

}  // namespace gatehouse::cases
