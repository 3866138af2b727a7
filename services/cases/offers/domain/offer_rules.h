#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gatehouse/cases/v1/offers.pb.h"

namespace gatehouse::cases {

// OK, or INVALID_REQUEST with every mistake by which the offer could not be made, each with its
// place: a total that is not what lines and taxes come to, a currency that there is not, a document
// that stands twice, an end that is past.
absl::Status CheckContent(const v1::OfferContent& content, absl::Time now);

// OK for an offer that is open, else OFFER_NOT_OPEN with what it is.
absl::Status CheckOpen(const v1::Offer& offer);

// What a client reads of an offer: no evidence, and of others nothing where it sees only its own.
// `seen_by` is its contact, or kEverybody.
v1::Offer ForClient(v1::Offer offer, const std::string& seen_by);

}  // namespace gatehouse::cases
