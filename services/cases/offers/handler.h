#pragma once

#include "gatehouse/cases/v1/offers.pb.h"
#include "services/cases/domain/store.h"
#include "services/cases/offers/store/offer_store.h"
#include "services/cases/portal/gate.h"
#include "services/common/base/clock.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"

namespace gatehouse::cases {

// The RPCs of proto/gatehouse/cases/v1/offers.proto, translated into calls of the store and the
// rules.
class OffersHandler {
 public:
  struct Parts {
    OfferStore& offers;
    Store& mirror;
    const PortalGate& gate;
    Once& once;
    const Clock& clock;
  };
  explicit OffersHandler(const Parts& parts) : parts_(parts) {}
  void Register(Server& server);

  absl::StatusOr<v1::Offer> ShareOffer(const Call& call, const v1::ShareOfferRequest& request);
  absl::StatusOr<v1::ListOffersResponse> ListOffers(const Call& call,
                                                    const v1::ListOffersRequest& request);
  absl::StatusOr<v1::Offer> GetOffer(const Call& call, const v1::GetOfferRequest& request);
  absl::StatusOr<v1::Offer> WithdrawOffer(const Call& call,
                                          const v1::WithdrawOfferRequest& request);

  absl::StatusOr<v1::ListOffersResponse> ListPortalOffers(const Call& call,
                                                          const v1::ListOffersRequest& request);
  absl::StatusOr<v1::Offer> GetPortalOffer(const Call& call, const v1::GetOfferRequest& request);
  absl::StatusOr<v1::Offer> MarkOfferSeen(const Call& call,
                                          const v1::MarkOfferSeenRequest& request);
  absl::StatusOr<v1::Offer> AcceptOffer(const Call& call, const v1::AcceptOfferRequest& request);
  absl::StatusOr<v1::Offer> DeclineOffer(const Call& call, const v1::DeclineOfferRequest& request);

 private:
  const Parts parts_;
};

}  // namespace gatehouse::cases
