#include "services/cases/drawing/handler.h"
#include "services/cases/tests/fixture.h"

// What a client draws of its house, and what staff have of it.

namespace gatehouse::cases {
namespace {

struct DrawingFixture : Fixture {
  DrawingStore drawing_store{database.postgres(), outbox, case_file};
  DrawingsHandler drawings{drawing_store, gate};

  DrawingFixture() { REQUIRE(Put("deal", "Smith").ok()); }

  static Call As(const std::string& contact_id, Visibility visibility = Visibility::kOwn) {
    return ClientCall({"deal", contact_id, "inv_1", visibility});
  }
  static v1::PutPortalDrawingRequest House(const std::string& etag = "") {
    v1::PutPortalDrawingRequest request;
    request.set_case_id("deal");
    request.set_address("12 High Street");
    v1::RoofFace& face = *request.add_faces();
    face.set_polygon(R"({"type":"Polygon",)"
                     R"("coordinates":[[[0,0],[0.0001,0],[0.0001,0.0001],[0,0.0001],[0,0]]]})");
    face.set_azimuth_degrees(180);
    request.set_etag(etag);
    return request;
  }
  absl::StatusOr<v1::Drawing> Read(const Call& call) {
    v1::GetDrawingRequest request;
    request.set_case_id("deal");
    return call.caller.kind == CallerKind::kClient ? drawings.GetPortalDrawing(call, request)
                                                   : drawings.GetDrawing(call, request);
  }
};

TEST_CASE_METHOD(DrawingFixture, "[EZ-22] a client draws the roof, and staff have its area",
                 "[service]") {
  CHECK(Read(As("ada"))->etag().empty());
  const auto drawn = drawings.PutPortalDrawing(As("ada"), House());
  REQUIRE(drawn.ok());
  CHECK(drawn->faces(0).area_square_metres() == Approx(123).epsilon(0.01));
  const auto had = Read(StaffCall());
  CHECK(had->address() == "12 High Street");
  CHECK(had->contact_id() == "ada");
  CHECK(had->area_square_metres() == drawn->area_square_metres());
  CHECK(had->etag() == drawn->etag());
  CHECK(Told("PublishEvent") == 1);
}

TEST_CASE_METHOD(DrawingFixture, "what is put as it was changes nothing", "[service]") {
  const auto drawn = drawings.PutPortalDrawing(As("ada"), House());
  const auto again = drawings.PutPortalDrawing(As("bob", Visibility::kAll), House());
  CHECK(again->etag() == drawn->etag());
  CHECK(again->contact_id() == "ada");
  CHECK(Told("PublishEvent") == 1);
}

TEST_CASE_METHOD(DrawingFixture, "of two devices that draw at once the later is told",
                 "[service]") {
  const auto drawn = drawings.PutPortalDrawing(As("ada"), House());
  v1::PutPortalDrawingRequest other = House(drawn->etag());
  other.set_address("12a High Street");
  REQUIRE(drawings.PutPortalDrawing(As("ada"), other).ok());
  other.set_address("12b High Street");
  CHECK(ReasonOf(drawings.PutPortalDrawing(As("ada"), other).status()) == "ETAG_MISMATCH");
  CHECK(Read(StaffCall())->address() == "12a High Street");
}

TEST_CASE_METHOD(DrawingFixture, "a shape that is none is refused, and what was there stays",
                 "[service]") {
  REQUIRE(drawings.PutPortalDrawing(As("ada"), House()).ok());
  v1::PutPortalDrawingRequest broken = House();
  broken.mutable_faces(0)->set_polygon("{}");
  CHECK(ReasonOf(drawings.PutPortalDrawing(As("ada"), broken).status()) == "INVALID_REQUEST");
  CHECK(Read(StaffCall())->faces_size() == 1);
}

TEST_CASE_METHOD(DrawingFixture, "who sees only its own does not learn who drew", "[service]") {
  REQUIRE(drawings.PutPortalDrawing(As("ada"), House()).ok());
  CHECK(Read(As("ada"))->contact_id() == "ada");
  CHECK(Read(As("bob"))->contact_id().empty());
  CHECK(Read(As("bob", Visibility::kAll))->contact_id() == "ada");
}

TEST_CASE_METHOD(DrawingFixture, "a drawing goes with its case, and is its organisation's",
                 "[service]") {
  REQUIRE(drawings.PutPortalDrawing(As("ada"), House()).ok());
  CHECK(ReasonOf(Read(StaffCall("other")).status()) == "NOT_FOUND");
  REQUIRE(Delete("deal").ok());
  CHECK(ReasonOf(Read(StaffCall()).status()) == "NOT_FOUND");
  CHECK(ReasonOf(drawings.PutPortalDrawing(As("ada"), House()).status()) == "NOT_FOUND");
}

}  // namespace
}  // namespace gatehouse::cases
