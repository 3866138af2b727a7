#include "services/cases/drawing/geojson.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

using nlohmann::json;

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

absl::StatusOr<Position> PositionFrom(const json& value) {
  if (!value.is_array() || value.size() < 2 || value.size() > 3) {
    return Wrong("has a position that is not [longitude, latitude]");
  }
  for (const json& number : value) {
    if (!number.is_number()) return Wrong("has a position that is not of numbers");
  }
  const Position position = {value[0].get<double>(), value[1].get<double>()};
  if (!(std::abs(position.longitude) <= 180 && std::abs(position.latitude) <= 90)) {
    return Wrong("has a position that is not on the Earth: longitude comes first");
  }
  return position;
}

absl::StatusOr<Ring> RingFrom(const json& value) {
  if (!value.is_array()) return Wrong("has a ring that is no list of positions");
  if (value.size() > kPositionsMax) return Wrong("has more than 1,000 positions");
  Ring ring;
  for (const json& item : value) {
    ASSIGN_OR_RETURN(const Position position, PositionFrom(item));
    ring.push_back(position);
  }
  if (ring.size() < 4) return Wrong("has a ring of less than four positions");
  if (ring.front() != ring.back()) {
    return Wrong("has a ring that is not closed: its last position must be its first");
  }
  return ring;
}

}  // namespace

absl::StatusOr<Shape> ShapeFrom(const std::string& geojson) {
  const json value = json::parse(geojson, nullptr, false);
  if (!value.is_object()) return Wrong("is no JSON object");
  const auto type = value.find("type"), coordinates = value.find("coordinates");
  if (type == value.end() || *type != "Polygon") return Wrong("is no Polygon");
  if (coordinates == value.end() || !coordinates->is_array() || coordinates->empty()) {
    return Wrong("has no rings");
  }
  if (coordinates->size() > kRingsMax) return Wrong("has more than ten rings");
  Shape shape;
  size_t positions = 0;
  for (const json& item : *coordinates) {
    ASSIGN_OR_RETURN(Ring ring, RingFrom(item));
    positions += ring.size();
    shape.rings.push_back(std::move(ring));
  }
  if (positions > kPositionsMax) return Wrong("has more than 1,000 positions");
  return shape;
}

std::string GeoJsonOf(const Shape& shape) {
  json coordinates = json::array();
  for (const Ring& ring : shape.rings) {
    json positions = json::array();
    for (const Position& position : ring) {
      positions.push_back({position.longitude, position.latitude});
    }
    coordinates.push_back(std::move(positions));
  }
  nlohmann::ordered_json polygon;
  polygon["type"] = "Polygon";
  polygon["coordinates"] = coordinates;
  return polygon.dump();
}

}  // namespace gatehouse::cases
