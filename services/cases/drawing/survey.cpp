#include "services/cases/drawing/survey.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/cases/drawing/geojson.h"
#include "services/cases/drawing/measure.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {
namespace {

bool IsOnEarth(const v1::GeoPosition& position) {
  return std::abs(position.latitude()) <= 90 && std::abs(position.longitude()) <= 180;
}

// Square centimetres are all that a map can tell.
double Rounded(double area) { return std::round(area * 1e4) / 1e4; }

absl::StatusOr<v1::RoofFace> SurveyFace(const v1::RoofFace& put) {
  ASSIGN_OR_RETURN(Shape shape, ShapeFrom(put.polygon()));
  ASSIGN_OR_RETURN(const double area, Measure(shape));
  v1::RoofFace face = put;
  face.set_polygon(GeoJsonOf(shape));
  face.set_area_square_metres(Rounded(area));
  return face;
}

}  // namespace

absl::StatusOr<v1::Drawing> Survey(const v1::PutPortalDrawingRequest& request) {
  std::vector<FieldViolation> violations;
  v1::Drawing drawing;
  drawing.set_address(request.address());
  if (request.has_position()) {
    if (!IsOnEarth(request.position())) violations.push_back({"position", "is not on the Earth"});
    *drawing.mutable_position() = request.position();
  }
  double area = 0;
  for (int i = 0; i < request.faces_size(); ++i) {
    const auto face = SurveyFace(request.faces(i));
    if (!face.ok()) {
      violations.push_back(
          {absl::StrCat("faces[", i, "].polygon"), std::string(face.status().message())});
      continue;
    }
    area += face->area_square_metres();
    *drawing.add_faces() = *face;
  }
  if (!violations.empty()) return RefuseFields(violations);
  drawing.set_area_square_metres(Rounded(area));
  return drawing;
}

}  // namespace gatehouse::cases
