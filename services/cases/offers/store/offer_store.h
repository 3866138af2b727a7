#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/offers.pb.h"
#include "services/cases/pipelines/store/place_store.h"
#include "services/cases/store/case_file.h"
#include "services/common/base/caller.h"
#include "services/common/jobs/outbox.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The offers of cases. Every method is about one organisation's rows; what is told is told if and
// only if the change is kept. Changes of one case are one after the other, under its row's lock.
class OfferStore {
 public:
  OfferStore(Postgres& postgres, Outbox& outbox, CaseFile& cases, PlaceStore& places)
      : postgres_(postgres), outbox_(outbox), cases_(cases), places_(places) {}

  // Says `offer.shared`. Refuses NOT_FOUND, OFFER_LIMIT_REACHED where the case has a hundred.
  struct Sharing {
    std::string case_id, contact_id;
    v1::OfferContent content;
    bool closes_others = false;
  };
  absl::StatusOr<v1::Offer> Share(const std::string& organisation_id, const Sharing& sharing);

  // Who asks: staff, who see all, or a client, who sees what SeenBy() says and nothing that was
  // withdrawn.
  struct Reader {
    std::string seen_by;
    bool staff = false;
  };
  // Newest first. Refuses NOT_FOUND.
  absl::StatusOr<std::vector<v1::Offer>> List(const std::string& organisation_id,
                                              const std::string& case_id, const Reader& reader);
  // Refuses NOT_FOUND.
  absl::StatusOr<v1::Offer> Get(const std::string& organisation_id, const std::string& case_id,
                                const std::string& offer_id, const Reader& reader);

  // Withdraws one that nobody has decided about. Refuses NOT_FOUND, OFFER_NOT_OPEN.
  absl::StatusOr<v1::Offer> Withdraw(const std::string& organisation_id, const std::string& case_id,
                                     const std::string& offer_id);

  // A client's part in an offer that it may see.
  struct Act {
    std::string case_id, offer_id;
    std::string contact_id;
  };
  // Keeps when the contact first saw it, and says `offer.seen` then. Refuses NOT_FOUND.
  absl::Status MarkSeen(const std::string& organisation_id, const Act& act,
                        const std::string& seen_by);
  // Accepts what has this digest. Closes the others where the offer says so; moves the case where
  // its pipeline waits for `offer-accepted`. The contact who did it before has the same answer.
  // Refuses NOT_FOUND, also where it is for another contact, OFFER_NOT_OPEN, OFFER_READ_OTHERWISE.
  absl::StatusOr<v1::Offer> Accept(const Call& call, const Act& act, const std::string& sha256);
  // The same of declining, by `offer-declined`.
  absl::StatusOr<v1::Offer> Decline(const Call& call, const Act& act, const std::string& reason);

 private:
  absl::StatusOr<v1::Offer> Decide(const Call& call, const Act& act, v1::Offer::State state,
                                   const std::string& sha256, const std::string& reason);
  void CloseOthers(Transaction& tx, const std::string& organisation_id, const Act& act);

  Postgres& postgres_;
  Outbox& outbox_;
  CaseFile& cases_;
  PlaceStore& places_;
};

}  // namespace gatehouse::cases
