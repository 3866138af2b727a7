#pragma once

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/drawings.pb.h"

namespace gatehouse::cases {

// What a client puts, with its shapes as they are kept and their areas. Refuses INVALID_REQUEST
// with every mistake, each with its place.
absl::StatusOr<v1::Drawing> Survey(const v1::PutPortalDrawingRequest& request);

}  // namespace gatehouse::cases
