#include "services/documents/signing/domain/signature_fields.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <cmath>
#include <limits>

#include "services/documents/signing/domain/certificate.h"
#include "services/documents/signing/domain/drawings.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {
namespace {

SignatureField Field(const std::string& id, FieldKind kind = FieldKind::kText) {
  return {.field_id = id,
          .kind = kind,
          .contact_id = "ada",
          .left = 0.1,
          .top = 0.2,
          .width = 0.3,
          .height = 0.05};
}

// Where the mistake stands, as it is told.
std::string PlaceOf(const absl::Status& status) {
  google::rpc::BadRequest fields;
  const google::rpc::Status rpc = ToRpcStatus(status);
  for (const auto& detail : rpc.details()) {
    if (detail.UnpackTo(&fields) && fields.field_violations_size() == 1) {
      return fields.field_violations(0).field();
    }
  }
  return ReasonOf(status);
}
std::string Checked(const std::function<void(SignatureField&)>& change) {
  SignatureFields fields = {Field("a"), Field("b")};
  change(fields[1]);
  return PlaceOf(CheckFields(fields, {"ada", "bob"}));
}

TEST_CASE("a field lies on its page, and is one of the signers'", "[unit]") {
  CHECK(Checked([](SignatureField&) {}).empty());
  CHECK(Checked([](SignatureField& field) { field.contact_id = "bob"; }).empty());
  CHECK(Checked([](SignatureField& field) { field.contact_id = "eve"; }) == "fields[1].contact_id");
  CHECK(Checked([](SignatureField& field) { field.field_id = "a"; }) == "fields[1].field_id");
  CHECK(Checked([](SignatureField& field) { field.left = -0.01; }) == "fields[1].left");
  CHECK(Checked([](SignatureField& field) { field.top = -1; }) == "fields[1].top");
  CHECK(Checked([](SignatureField& field) { field.width = 0.91; }) == "fields[1].width");
  CHECK(Checked([](SignatureField& field) { field.width = 0.001; }) == "fields[1].width");
  CHECK(Checked([](SignatureField& field) { field.height = 0.81; }) == "fields[1].height");
  CHECK(Checked([](SignatureField& field) { field.height = -0.1; }) == "fields[1].height");
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = HUGE_VAL;
  CHECK(Checked([](SignatureField& field) { field.left = kNan; }) == "fields[1].left");
  CHECK(Checked([](SignatureField& field) { field.width = kNan; }) == "fields[1].width");
  CHECK(Checked([](SignatureField& field) { field.height = kInfinity; }) == "fields[1].height");
  // To the very edge, and over another one.
  CHECK(Checked([](SignatureField& field) { field.left = 0.7; }).empty());
}

TEST_CASE("a field is on a page that is there", "[unit]") {
  SignatureFields fields = {Field("a"), Field("b")};
  fields[1].page = 2;
  const auto placed = OnPages(fields, {{595, 842}, {842, 595}});
  REQUIRE(placed.ok());
  CHECK((*placed)[0].page_size.width == 595);
  CHECK((*placed)[1].page_size.width == 842);
  CHECK(PlaceOf(OnPages(fields, {{595, 842}}).status()) == "fields[1].page");
  CHECK(PlaceOf(OnPages(fields, {{595, 842}, {0, 0}}).status()) == "fields[1].page");
}

SignatureFields OfTwo() {
  SignatureFields fields = {Field("sign", FieldKind::kSignature),
                            Field("initials", FieldKind::kInitials),
                            Field("date", FieldKind::kDateSigned),
                            Field("years"),
                            Field("agree", FieldKind::kCheckbox),
                            Field("note"),
                            Field("theirs")};
  for (SignatureField& field : fields) field.required = field.field_id != "note";
  fields.back().contact_id = "bob";
  return fields;
}
const FieldValues kAll = {{"years", " 12 "}, {"initials", "A.L."}, {"agree", "true"}};

TEST_CASE("a signer fills its own fields, and the day stands there by itself", "[unit]") {
  const auto filled = Filled(OfTwo(), "ada", kAll, "2027-06-01");
  REQUIRE(filled.ok());
  std::map<std::string, std::string> values;
  for (const SignatureField& field : *filled) values[field.field_id] = field.value;
  CHECK(values == std::map<std::string, std::string>{{"sign", ""},
                                                     {"initials", "A.L."},
                                                     {"date", "2027-06-01"},
                                                     {"years", "12"},
                                                     {"agree", "true"},
                                                     {"note", ""},
                                                     {"theirs", ""}});
}

TEST_CASE("nobody signs while a required field is empty, and hears which", "[unit]") {
  const auto missing = [](const FieldValues& values) {
    const absl::Status refused = Filled(OfTwo(), "ada", values, "").status();
    CHECK(ReasonOf(refused) == "SIGNATURE_FIELDS_MISSING");
    return FactsOf(refused)["fieldIds"];
  };
  CHECK(missing({}) == "initials,years,agree");
  CHECK(missing({{"initials", "A"}, {"years", "\xe2\x80\x8b"}, {"agree", "false"}}) ==
        "years,agree");
  // Bob's are Bob's.
  CHECK(ReasonOf(Filled(OfTwo(), "bob", {}, "").status()) == "SIGNATURE_FIELDS_MISSING");
  CHECK(Filled(OfTwo(), "bob", {{"theirs", "x"}}, "").ok());
  SignatureFields many;
  for (int i = 0; i < 200; ++i) many.push_back(Field("field-" + std::to_string(i)));
  for (SignatureField& field : many) field.required = true;
  const std::string named = FactsOf(Filled(many, "ada", {}, "").status())["fieldIds"];
  CHECK(std::count(named.begin(), named.end(), ',') == 19);
}

TEST_CASE("what is said of a field that is none of the signer's is refused by its place",
          "[unit]") {
  const auto place = [](FieldValues values) {
    values.insert(values.begin(), kAll.begin(), kAll.end());
    return PlaceOf(Filled(OfTwo(), "ada", values, "").status());
  };
  CHECK(place({{"theirs", "x"}}) == "values[3].field_id");
  CHECK(place({{"none", "x"}}) == "values[3].field_id");
  CHECK(place({{"sign", "Eve"}}) == "values[3].field_id");
  CHECK(place({{"date", "1999-01-01"}}) == "values[3].field_id");
  CHECK(place({{"years", "13"}}) == "values[3].field_id");
  CHECK(PlaceOf(Filled(OfTwo(), "ada", {{"agree", "yes"}}, "").status()) == "values[0].value");
  CHECK(PlaceOf(Filled(OfTwo(), "ada", {{"initials", "12345678901"}}, "").status()) ==
        "values[0].value");
}

TEST_CASE("what was filled in is drawn where it belongs, and stands on the certificate", "[unit]") {
  SignatureRequest request = {.signers = {{.contact_id = "ada", .name = "Ada", .typed_name = "A."},
                                          {.contact_id = "bob", .name = "Bob"}},
                              .fields = *Filled(OfTwo(), "ada", kAll, "2027-06-01")};
  request.fields[3].wrapped = true;
  request.fields[3].label = "Years\nhere";
  request.fields.back().kind = FieldKind::kSignature;
  request.signers[1].drawn_png = "a picture";
  const std::vector<Drawing> drawings = DrawingsOf(request);
  REQUIRE(drawings.size() == 6);
  CHECK(drawings[0].kind == DrawingKind::kSignature);
  CHECK(drawings[0].text == "A.");
  CHECK(drawings[1].kind == DrawingKind::kSignature);
  CHECK(drawings[2].text == "2027-06-01");
  CHECK(drawings[3].kind == DrawingKind::kWrapped);
  CHECK(drawings[4].kind == DrawingKind::kCross);
  CHECK(drawings[5].png == "a picture");
  CHECK(drawings[5].text == "Bob");
  const auto lines = CertificateOf(request, {}, "Acme");
  const auto has = [&](const CertificateLine& line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  };
  CHECK(has({"Page 1, years", "Years here: 12"}));
  CHECK(has({"Page 1, agree", "ticked"}));
  CHECK(has({"Page 1, date", "2027-06-01"}));
  CHECK(has({"Page 1, theirs", "the signature"}));
}

TEST_CASE("a certificate says that it was a passkey, and which", "[unit]") {
  const SignatureRequest request = {
      .signers = {{.contact_id = "ada", .passkey_id = "pky_1", .passkey_name = "Ada's\nlaptop"}}};
  const auto lines = CertificateOf(request, {}, "Acme");
  CHECK(std::find(lines.begin(), lines.end(),
                  CertificateLine{"Proven by", "the passkey pky_1, “Ada's laptop”"}) !=
        lines.end());
}

}  // namespace
}  // namespace gatehouse::documents
