#include <cmath>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "services/cases/drawing/geojson.h"
#include "services/cases/drawing/measure.h"
#include "services/cases/drawing/survey.h"
#include "services/common/base/status.h"
#include "services/common/rpc/validate.h"

// Which shapes can be drawn, and how large they are.

namespace gatehouse::cases {
namespace {

using Rings = std::vector<Ring>;

constexpr double kMetre = 1 / 111'320.0;  // In degrees, along a meridian; along the equator, too.

std::string GeoJson(const std::string& coordinates) {
  return R"({"type":"Polygon","coordinates":)" + coordinates + "}";
}
std::string Wrong(const std::string& geojson) {
  const auto shape = ShapeFrom(geojson);
  return shape.ok() ? "" : std::string(shape.status().message());
}
std::string WrongShape(Rings rings) {
  Shape shape{std::move(rings)};
  const auto area = Measure(shape);
  return area.ok() ? "" : std::string(area.status().message());
}
double AreaOf(Rings rings) {
  Shape shape{std::move(rings)};
  const auto area = Measure(shape);
  REQUIRE(area.ok());
  return *area;
}

// So many metres east and north of a place, counterclockwise.
Ring Square(double longitude, double latitude, double metres) {
  const double north = metres * kMetre;
  const double east = north / std::cos(latitude * M_PI / 180);
  return {{longitude, latitude},
          {longitude + east, latitude},
          {longitude + east, latitude + north},
          {longitude, latitude + north},
          {longitude, latitude}};
}
Ring Reversed(Ring ring) { return {ring.rbegin(), ring.rend()}; }

TEST_CASE("a polygon is read, its altitudes and foreign members passed over", "[unit]") {
  const auto shape = ShapeFrom(R"({"bbox":[0,0,1,1],"type":"Polygon","crs":{"a":[]},)"
                               R"("coordinates":[[[0,0,7.5],[1,0],[1,1e0],[0,0,7.5]]]})");
  REQUIRE(shape.ok());
  REQUIRE(shape->rings.size() == 1);
  CHECK(shape->rings[0][1] == Position{1, 0});
  CHECK(GeoJsonOf(*shape) == GeoJson("[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,0.0]]]"));
}

TEST_CASE("what is written is read again, to the last digit", "[unit]") {
  const Shape shape{
      {{{151.20930000000001, -33.8688}, {-0.1, 1e-9}, {3, 4}, {151.20930000000001, -33.8688}}}};
  const auto again = ShapeFrom(GeoJsonOf(shape));
  REQUIRE(again.ok());
  CHECK(again->rings == shape.rings);
}

TEST_CASE("what is no polygon is refused by what is wrong with it", "[unit]") {
  for (const char* text : {"", "[]", "null", "{", "\"Polygon\"", "{\"type\":\"Polygon\""}) {
    CAPTURE(text);
    CHECK(Wrong(text) == "is no JSON object");
  }
  CHECK(Wrong("{}") == "is no Polygon");
  CHECK(Wrong(R"({"type":"MultiPolygon","coordinates":[]})") == "is no Polygon");
  CHECK(Wrong(R"({"type":"Feature","geometry":{"type":"Polygon"}})") == "is no Polygon");
  CHECK(Wrong(R"({"type":"Polygon"})") == "has no rings");
  CHECK(Wrong(GeoJson("[]")) == "has no rings");
  CHECK(Wrong(GeoJson("{}")) == "has no rings");
  CHECK(Wrong(GeoJson("[7]")) == "has a ring that is no list of positions");
  CHECK(Wrong(GeoJson("[[[0]]]")) == "has a position that is not [longitude, latitude]");
  CHECK(Wrong(GeoJson("[[[0,0,0,0]]]")) == "has a position that is not [longitude, latitude]");
  CHECK(Wrong(GeoJson(R"([[["0","0"]]])")) == "has a position that is not of numbers");
  CHECK(Wrong(GeoJson("[[[0,0],[1,0],[0,0]]]")) == "has a ring of less than four positions");
  CHECK(Wrong(GeoJson("[[[0,0],[1,0],[1,1],[0,1]]]")) ==
        "has a ring that is not closed: its last position must be its first");
}

TEST_CASE("a position is on the Earth, with its longitude first", "[unit]") {
  CHECK(Wrong(GeoJson("[[[180,90],[1,0],[1,1],[180,90]]]")).empty());
  for (const char* position : {"[180.1,0]", "[0,90.1]", "[-33.8,151.2]", "[1e300,0]"}) {
    CAPTURE(position);
    const std::string ring = absl::StrCat("[[", position, ",[1,0],[1,1],", position, "]]");
    CHECK(Wrong(GeoJson(ring)) == "has a position that is not on the Earth: longitude comes first");
  }
  CHECK_FALSE(Wrong(GeoJson("[[[1e999,0],[1,0],[1,1],[1e999,0]]]")).empty());
  CHECK_FALSE(Wrong(GeoJson("[[[NaN,0],[1,0],[1,1],[NaN,0]]]")).empty());
}

TEST_CASE("a thousand positions can be drawn, and ten rings", "[unit]") {
  const auto drawn = [](int positions) {
    std::string ring;
    for (int i = 0; i < positions; ++i) absl::StrAppend(&ring, i == 0 ? "" : ",", "[0,0]");
    return Wrong(GeoJson("[[" + ring + "]]"));
  };
  CHECK(drawn(1000).empty());
  CHECK(drawn(1001) == "has more than 1,000 positions");
  std::string rings;
  for (int i = 0; i < 11; ++i)
    absl::StrAppend(&rings, i == 0 ? "" : ",", "[[0,0],[1,0],[1,1],[0,0]]");
  CHECK(Wrong(GeoJson("[" + rings + "]")) == "has more than ten rings");
}

TEST_CASE("a text that is nested without end is read without harm", "[unit]") {
  CHECK_FALSE(Wrong(GeoJson(std::string(50'000, '[') + std::string(50'000, ']'))).empty());
  CHECK_FALSE(Wrong(std::string(100'000, '[')).empty());
}

// The same of a small square by the ellipsoid's two radii of curvature at its middle.
double AreaByCurvature(double latitude, double metres) {
  const double a = 6378137, e2 = 6.69437999014e-3;
  const double degrees = metres * kMetre, middle = (latitude + degrees / 2) * M_PI / 180;
  const double w = std::sqrt(1 - e2 * std::pow(std::sin(middle), 2));
  const double north = a * (1 - e2) / (w * w * w) * degrees * M_PI / 180;
  const double wide = degrees / std::cos(latitude * M_PI / 180) * M_PI / 180;
  return north * a / w * std::cos(middle) * wide;
}

TEST_CASE("an area is that on the ellipsoid, everywhere and at every size of a roof", "[unit]") {
  for (const double latitude : {0.0, 10.0, -33.8, 47.5, 65.0, -80.0}) {
    for (const double longitude : {0.0, 151.2, -179.99999}) {
      for (const double metres : {0.5, 2.0, 10.0, 100.0, 900.0}) {
        CAPTURE(latitude, longitude, metres);
        CHECK(AreaOf({Square(longitude, latitude, metres)}) ==
              Approx(AreaByCurvature(latitude, metres)).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("either winding is taken, and turned as GeoJSON has it", "[unit]") {
  const Ring ring = Square(151.2, -33.8, 10);
  const Ring hole = Square(151.20002, -33.79998, 2);
  for (const bool outer : {false, true}) {
    for (const bool inner : {false, true}) {
      Shape shape{{outer ? Reversed(ring) : ring, inner ? Reversed(hole) : hole}};
      const auto area = Measure(shape);
      REQUIRE(area.ok());
      CHECK(*area == Approx(96).epsilon(0.01));
      CHECK(shape.rings[0][1] == ring[1]);
      CHECK(shape.rings[1][1] == Reversed(hole)[1]);
    }
  }
}

TEST_CASE("a roof may lie across the antimeridian", "[unit]") {
  const double half = 5 * kMetre;
  const Ring ring = {{180 - half, 0},
                     {-180 + half, 0},
                     {-180 + half, 2 * half},
                     {180 - half, 2 * half},
                     {180 - half, 0}};
  CHECK(AreaOf({ring}) == Approx(100).epsilon(0.01));
  CHECK(AreaOf({Reversed(ring)}) == Approx(100).epsilon(0.01));
}

TEST_CASE("a roof of two metres, and one of a thousand corners", "[unit]") {
  CHECK(AreaOf({Square(151.2, -33.8, 2)}) == Approx(3.9897).epsilon(1e-4));
  Ring round;
  for (int i = 0; i < 999; ++i) {
    const double angle = 2 * M_PI * i / 999;
    round.push_back({20 * kMetre * std::cos(angle), 20 * kMetre * std::sin(angle)});
  }
  round.push_back(round.front());
  CHECK(AreaOf({round}) == Approx(M_PI * 400).epsilon(0.01));
}

TEST_CASE("a ring that crosses or doubles back on itself is refused", "[unit]") {
  const double m = kMetre * 10;
  CHECK(WrongShape({{{0, 0}, {m, m}, {m, 0}, {0, 2 * m}, {0, 0}}}) == "crosses itself");
  CHECK_FALSE(WrongShape({{{0, 0}, {m, m}, {m, 0}, {0, m}, {0, 0}}}).empty());
  CHECK_FALSE(WrongShape({{{0, 0}, {m, 0}, {2 * m, 0}, {m, 0}, {m, m}, {0, 0}}}).empty());
  CHECK_FALSE(WrongShape({{{0, 0}, {m, 0}, {2 * m, 0}, {0, 0}}}).empty());
  CHECK_FALSE(WrongShape({{{0, 0}, {0, 0}, {0, 0}, {0, 0}}}).empty());
}

TEST_CASE("a hole is within, and touches no other", "[unit]") {
  const Ring ring = Square(0, 0, 10);
  CHECK(WrongShape({ring, Square(1, 1, 2)}) == "has a hole outside of it");
  CHECK_FALSE(WrongShape({ring, Square(8 * kMetre, kMetre, 5)}).empty());
  CHECK_FALSE(
      WrongShape({ring, Square(kMetre, kMetre, 5), Square(2 * kMetre, 2 * kMetre, 2)}).empty());
}

TEST_CASE("what is larger than any roof is refused", "[unit]") {
  CHECK(AreaOf({Square(0, 0, 990)}) < 1e6);
  CHECK(WrongShape({Square(0, 0, 1010)}) == "is larger than a square kilometre");
  CHECK(WrongShape({{{-170, -80}, {170, -80}, {170, 80}, {-170, 80}, {-170, -80}}}) ==
        "is larger than a square kilometre");
}

TEST_CASE("a drawing is surveyed face by face, and its mistakes have their places", "[unit]") {
  v1::PutPortalDrawingRequest request;
  request.set_case_id("deal");
  request.mutable_position()->set_latitude(-33.8);
  request.mutable_position()->set_longitude(151.2);
  for (int i = 0; i < 2; ++i) {
    v1::RoofFace& face = *request.add_faces();
    face.set_polygon(GeoJsonOf({{Square(151.2, -33.8, 10)}}));
    face.set_azimuth_degrees(180);
    face.set_tilt_degrees(30);
    face.set_area_square_metres(12345);
  }
  CHECK(Validate(request).ok());
  const auto drawing = Survey(request);
  REQUIRE(drawing.ok());
  CHECK(drawing->faces(0).area_square_metres() == Approx(100).epsilon(0.01));
  CHECK(drawing->area_square_metres() == Approx(200).epsilon(0.01));
  CHECK(drawing->faces(1).tilt_degrees() == 30);
  request.mutable_faces(1)->set_polygon("{}");
  request.mutable_position()->set_latitude(151.2);
  const std::string wire = ToRpcStatus(Survey(request).status()).SerializeAsString();
  CHECK(wire.find("faces[1].polygon") != std::string::npos);
  CHECK(wire.find("position") != std::string::npos);
  CHECK(wire.find("faces[0]") == std::string::npos);
  request.mutable_position()->set_latitude(NAN);
  CHECK_FALSE(Survey(request).ok());
  request.mutable_faces(0)->set_azimuth_degrees(360);
  CHECK(ReasonOf(Validate(request)) == "INVALID_REQUEST");
}

}  // namespace
}  // namespace gatehouse::cases
