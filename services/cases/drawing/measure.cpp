#include "services/cases/drawing/measure.h"

#include <algorithm>
#include <boost/geometry.hpp>
#include <boost/geometry/geometries/point_xy.hpp>
#include <boost/geometry/geometries/polygon.hpp>
#include <cmath>

namespace gatehouse::cases {
namespace {

namespace bg = boost::geometry;
using Point = bg::model::d2::point_xy<double>;
using Polygon = bg::model::polygon<Point, /*ClockWise=*/false, /*Closed=*/true>;
using Outline = Polygon::ring_type;

constexpr double kLeastArea = 0.01, kGreatestArea = 1e6;  // Square metres.
constexpr double kRadians = M_PI / 180;

// WGS 84.
constexpr double kEquatorialRadius = 6378137, kPolarRadius = 6356752.314245179;

// The y of the ellipsoid's cylindrical equal-area projection, in metres (Snyder, Map Projections,
// 1987, equations 3-12 and 10-15).
double EqualAreaY(double latitude) {
  const double ratio = kPolarRadius / kEquatorialRadius;
  const double eccentricity = std::sqrt(1 - ratio * ratio);
  const double sine = std::sin(latitude * kRadians);
  const double es = eccentricity * sine;
  const double q = sine / (1 - es * es) + std::atanh(es) / eccentricity;
  return kPolarRadius * ratio * q / 2;
}

// A ring in a plane where every area is that on the ellipsoid. A shape of Boost 1.74's geographic
// coordinates would be measured by far too little or too much where it is as small as a roof.
Outline Flat(const Ring& ring, const Position& origin) {
  const double y = EqualAreaY(origin.latitude);
  Outline outline;
  for (const Position& position : ring) {
    // The short way round, also across the antimeridian.
    const double east = std::remainder(position.longitude - origin.longitude, 360);
    outline.emplace_back(kEquatorialRadius * east * kRadians, EqualAreaY(position.latitude) - y);
  }
  return outline;
}

absl::Status Wrong(const char* what) { return absl::InvalidArgumentError(what); }

absl::Status CheckValid(const Polygon& polygon) {
  bg::validity_failure_type failure = bg::no_failure;
  if (bg::is_valid(polygon, failure)) return absl::OkStatus();
  switch (failure) {
    case bg::failure_self_intersections:
      return Wrong("crosses itself");
    case bg::failure_spikes:
      return Wrong("doubles back on itself");
    case bg::failure_interior_rings_outside:
      return Wrong("has a hole outside of it");
    case bg::failure_nested_interior_rings:
      return Wrong("has a hole within a hole");
    case bg::failure_disconnected_interior:
      return Wrong("falls into pieces");
    default:
      return Wrong("is no shape with an inside");
  }
}

}  // namespace

absl::StatusOr<double> Measure(Shape& shape) {
  const Position origin = shape.rings.front().front();
  Polygon polygon;
  for (size_t i = 0; i < shape.rings.size(); ++i) {
    Ring& ring = shape.rings[i];
    const bool counterclockwise = bg::area(Flat(ring, origin)) > 0;
    if (counterclockwise != (i == 0)) std::reverse(ring.begin(), ring.end());
    if (i > 0) polygon.inners().emplace_back();
    (i == 0 ? polygon.outer() : polygon.inners().back()) = Flat(ring, origin);
  }
  if (const absl::Status valid = CheckValid(polygon); !valid.ok()) return valid;
  const double area = bg::area(polygon);
  // A symmetrical bow-tie may pass for valid, and has none.
  if (!(area >= kLeastArea)) return Wrong("has no area");
  if (area > kGreatestArea) return Wrong("is larger than a square kilometre");
  return area;
}

}  // namespace gatehouse::cases
