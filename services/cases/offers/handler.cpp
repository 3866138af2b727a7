#include "services/cases/offers/handler.h"

#include "services/cases/domain/seen_by.h"
#include "services/cases/offers/domain/offer_rules.h"

namespace gatehouse::cases {
namespace {

const OfferStore::Reader kStaff = {.seen_by = kEverybody, .staff = true};

OfferStore::Reader ReaderOf(const CaseAccess& access) {
  return {.seen_by = SeenBy(access), .staff = false};
}

// What the client does about an offer, as its contact.
template <typename Request>
OfferStore::Act ActOf(const Call& call, const Request& request) {
  return {.case_id = request.case_id(),
          .offer_id = request.offer_id(),
          .contact_id = call.caller.AccessTo(request.case_id())->contact_id};
}

}  // namespace

void OffersHandler::Register(Server& server) {
  using Self = OffersHandler;
  server.Service("gatehouse.cases.v1.Offers")
      .Unary("ShareOffer", *this, &Self::ShareOffer)
      .Unary("ListOffers", *this, &Self::ListOffers)
      .Unary("GetOffer", *this, &Self::GetOffer)
      .Unary("WithdrawOffer", *this, &Self::WithdrawOffer);
  server.Service("gatehouse.cases.v1.PortalOffers")
      .Unary("ListPortalOffers", *this, &Self::ListPortalOffers)
      .Unary("GetPortalOffer", *this, &Self::GetPortalOffer)
      .Unary("MarkOfferSeen", *this, &Self::MarkOfferSeen)
      .Unary("AcceptOffer", *this, &Self::AcceptOffer)
      .Unary("DeclineOffer", *this, &Self::DeclineOffer);
}

absl::StatusOr<v1::Offer> OffersHandler::ShareOffer(const Call& call,
                                                    const v1::ShareOfferRequest& request) {
  return parts_.once.Run(call, request, [&]() -> absl::StatusOr<v1::Offer> {
    RETURN_IF_ERROR(CheckContent(request.content(), parts_.clock.Now()));
    const std::string& organisation_id = call.caller.organisation_id;
    ASSIGN_OR_RETURN(const Case mirrored, parts_.mirror.Get(organisation_id, request.case_id()));
    RETURN_IF_ERROR(CheckContact(mirrored, request.contact_id()));
    return parts_.offers.Share(organisation_id, {.case_id = request.case_id(),
                                                 .contact_id = request.contact_id(),
                                                 .content = request.content(),
                                                 .closes_others = request.closes_others()});
  });
}

absl::StatusOr<v1::ListOffersResponse> OffersHandler::ListOffers(
    const Call& call, const v1::ListOffersRequest& request) {
  ASSIGN_OR_RETURN(const auto offers,
                   parts_.offers.List(call.caller.organisation_id, request.case_id(), kStaff));
  v1::ListOffersResponse response;
  for (const v1::Offer& offer : offers) *response.add_offers() = offer;
  return response;
}

absl::StatusOr<v1::Offer> OffersHandler::GetOffer(const Call& call,
                                                  const v1::GetOfferRequest& request) {
  return parts_.offers.Get(call.caller.organisation_id, request.case_id(), request.offer_id(),
                           kStaff);
}

absl::StatusOr<v1::Offer> OffersHandler::WithdrawOffer(const Call& call,
                                                       const v1::WithdrawOfferRequest& request) {
  return parts_.offers.Withdraw(call.caller.organisation_id, request.case_id(), request.offer_id());
}

absl::StatusOr<v1::ListOffersResponse> OffersHandler::ListPortalOffers(
    const Call& call, const v1::ListOffersRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  const auto reader = ReaderOf(*call.caller.AccessTo(request.case_id()));
  ASSIGN_OR_RETURN(const auto offers,
                   parts_.offers.List(call.caller.organisation_id, request.case_id(), reader));
  v1::ListOffersResponse response;
  for (const v1::Offer& offer : offers) {
    *response.add_offers() = ForClient(offer, reader.seen_by);
  }
  return response;
}

absl::StatusOr<v1::Offer> OffersHandler::GetPortalOffer(const Call& call,
                                                        const v1::GetOfferRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  const auto reader = ReaderOf(*call.caller.AccessTo(request.case_id()));
  ASSIGN_OR_RETURN(const v1::Offer offer,
                   parts_.offers.Get(call.caller.organisation_id, request.case_id(),
                                     request.offer_id(), reader));
  return ForClient(offer, reader.seen_by);
}

absl::StatusOr<v1::Offer> OffersHandler::MarkOfferSeen(const Call& call,
                                                       const v1::MarkOfferSeenRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  const auto reader = ReaderOf(*call.caller.AccessTo(request.case_id()));
  const std::string& organisation_id = call.caller.organisation_id;
  RETURN_IF_ERROR(parts_.offers.MarkSeen(organisation_id, ActOf(call, request), reader.seen_by));
  ASSIGN_OR_RETURN(const v1::Offer offer, parts_.offers.Get(organisation_id, request.case_id(),
                                                            request.offer_id(), reader));
  return ForClient(offer, reader.seen_by);
}

absl::StatusOr<v1::Offer> OffersHandler::AcceptOffer(const Call& call,
                                                     const v1::AcceptOfferRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  ASSIGN_OR_RETURN(const v1::Offer offer,
                   parts_.offers.Accept(call, ActOf(call, request), request.content_sha256()));
  return ForClient(offer, SeenBy(*call.caller.AccessTo(request.case_id())));
}

absl::StatusOr<v1::Offer> OffersHandler::DeclineOffer(const Call& call,
                                                      const v1::DeclineOfferRequest& request) {
  RETURN_IF_ERROR(parts_.gate.Enter(call).status());
  ASSIGN_OR_RETURN(const v1::Offer offer,
                   parts_.offers.Decline(call, ActOf(call, request), request.reason()));
  return ForClient(offer, SeenBy(*call.caller.AccessTo(request.case_id())));
}

}  // namespace gatehouse::cases
