#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/offers.pb.h"

namespace gatehouse::cases {

// An offer's content as canonical JSON (RFC 8785) of what protobuf makes of it, without what is
// empty: the same content is the same bytes everywhere and for good, and a later field of the
// contract changes nothing of an older offer. A fault for what is no UTF-8.
absl::StatusOr<std::string> CanonicalOf(v1::OfferContent content);
// The content of such a text.
absl::StatusOr<v1::OfferContent> ContentFrom(const std::string& canonical);

}  // namespace gatehouse::cases
