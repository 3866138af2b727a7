#pragma once

#include "absl/status/statusor.h"
#include "services/cases/drawing/domain/shape.h"

namespace gatehouse::cases {

// Turns the outer ring counterclockwise and the others clockwise (RFC 7946, section 3.1.6), and
// says the area in square metres on the ellipsoid WGS 84, across the antimeridian too. Refuses, as
// a sentence's end, a ring that crosses or doubles back on itself, a hole outside, and what has no
// area or more than a square kilometre.
absl::StatusOr<double> Measure(Shape& shape);

}  // namespace gatehouse::cases
