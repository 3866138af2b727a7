#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/cases/domain/facts.h"
#include "services/cases/domain/places.h"
#include "services/cases/pipelines/domain/moves.h"
#include "services/cases/store/case_file.h"
#include "services/common/base/page.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The places of cases in their pipelines, and how they came there. Every method is about one
// organisation's rows. A move is told as `case.moved` if and only if it is kept; those of one case
// are one after the other, under the lock of the case's row.
class PlaceStore : public Places {
 public:
  PlaceStore(Postgres& postgres, Outbox& outbox, CaseFile& cases, CaseFacts& facts)
      : postgres_(postgres), outbox_(outbox), cases_(cases), facts_(facts) {}

  absl::StatusOr<std::optional<CaseState>> Follow(const Caller& caller, const Case& put) override;
  absl::StatusOr<std::map<std::string, CaseState>> Of(
      const std::string& organisation_id, const std::vector<std::string>& case_ids) override;

  // Which state of the pipeline the case moves to, from the one that it stands in (empty: none), by
  // the facts that the moves of that state ask for.
  using Decide = std::function<absl::StatusOr<std::string>(
      const Pipeline& pipeline, const std::string& from, const Facts& facts)>;
  struct Move {
    std::string case_id;
    std::string etag;         // Of the case; empty: whichever.
    std::string pipeline_id;  // The pipeline to move to, in its current version; empty: its own.
    Decide decide;
    Mover mover;
  };
  struct Moved {
    Place place;
    std::string etag;  // The case's.
  };
  // Refuses NOT_FOUND, ETAG_MISMATCH, NOT_IN_PIPELINE where no pipeline is named and the case is in
  // none, and what `decide` refuses.
  absl::StatusOr<Moved> Make(const std::string& organisation_id, const Move& move);

  // What a client did, such as `offer-accepted`: moves the case where the state that it stands in
  // waits for that external action, and elsewhere does nothing. Where a condition of the move does
  // not hold, it is remembered; what is remembered is looked at again here, since what was done may
  // have made it hold. The caller holds the case's lock.
  absl::Status Act(const Caller& client, const std::string& case_id, const std::string& action);

  // Nothing where the case is in no pipeline, or is not there.
  absl::StatusOr<std::optional<Place>> Find(const std::string& organisation_id,
                                            const std::string& case_id);
  // The states of this pipeline that the case stood in, oldest first, the last five hundred.
  absl::StatusOr<std::vector<std::string>> Passed(const std::string& organisation_id,
                                                  const std::string& case_id,
                                                  const std::string& pipeline_id);
  // Newest first.
  absl::StatusOr<std::vector<v1::CaseMove>> ListMoves(const std::string& organisation_id,
                                                      const std::string& case_id, const Page& page);
  // How many cases stand in which states of this pipeline, for how long; `display_name` is not set.
  absl::StatusOr<std::map<std::string, v1::StateReport>> Report(const std::string& organisation_id,
                                                                const std::string& pipeline_id);

 private:
  // What the moves of a state ask for of the case.
  absl::StatusOr<Facts> FactsOf(const std::string& organisation_id, const std::string& case_id,
                                const State* state);
  absl::StatusOr<Place> Record(Transaction& tx, const std::string& organisation_id,
                               const std::string& case_id, const std::string& from, Place to,
                               const Mover& mover);

  Postgres& postgres_;
  Outbox& outbox_;
  CaseFile& cases_;
  CaseFacts& facts_;
};

}  // namespace gatehouse::cases
