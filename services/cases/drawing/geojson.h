#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/cases/drawing/domain/shape.h"

namespace gatehouse::cases {

// The shape of a GeoJSON Polygon (RFC 7946, section 3.1.6). The error says what is wrong with it,
// as a sentence's end; what it is made of is looked at, what it looks like is not (see Measure).
// Altitudes and foreign members are passed over.
absl::StatusOr<Shape> ShapeFrom(const std::string& geojson);

// As short a text as says the same numbers.
std::string GeoJsonOf(const Shape& shape);

}  // namespace gatehouse::cases
