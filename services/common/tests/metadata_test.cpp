#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <catch2/catch.hpp>

#include "gatehouse/invitation/v1/reasons.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/rpc/channel.h"
#include "services/common/rpc/metadata.h"
#include "services/common/rpc/server_call.h"

namespace gatehouse {
namespace {

bool IsLegal(const std::string& value) {
  const grpc_slice slice = grpc_slice_from_copied_buffer(value.data(), value.size());
  const bool legal = grpc_header_nonbin_value_is_legal(slice) != 0;
  grpc_slice_unref(slice);
  return legal;
}

TEST_CASE("whatever comes from outside is legal metadata, and comes back as it was", "[unit]") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    all += one;
    for (const std::string& value : {one, "a" + one, one + "b", "a" + one + "b", one + one}) {
      CAPTURE(byte);
      CHECK(IsLegal(EscapeMetadata(value)));
      CHECK(UnescapeMetadata(EscapeMetadata(value)) == value);
    }
  }
  CHECK(IsLegal(EscapeMetadata(all)));
  CHECK(UnescapeMetadata(EscapeMetadata(all)) == all);
  for (int i = 0; i < 500; ++i) {
    const std::string random = RandomBytes(i % 60);
    CHECK(IsLegal(EscapeMetadata(random)));
    CHECK(UnescapeMetadata(EscapeMetadata(random)) == random);
  }
}

TEST_CASE("metadata that needs no escape travels as it is", "[unit]") {
  for (const char* value : {"", "req_1", "192.0.2.7", "2001:db8::1", "Mozilla/5.0 (X11; Linux)",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
    CHECK(EscapeMetadata(value) == value);
    CHECK(UnescapeMetadata(value) == value);
  }
  CHECK(EscapeMetadata("caf\xc3\xa9\t") == "caf%c3%a9%09");
  // gRPC may strip what stands at the ends.
  CHECK(EscapeMetadata(" a b ") == "%20a b%20");
  CHECK(EscapeMetadata("100%") == "100%25");
}

TEST_CASE("a percent sign that begins no escape is itself", "[unit]") {
  for (const char* value : {"%", "%%", "%4", "a%", "%zz", "%4g", "50% off", "%-1"}) {
    CHECK(UnescapeMetadata(value) == value);
  }
  CHECK(UnescapeMetadata("%41%4") == "A%4");
  CHECK(UnescapeMetadata("%c3%A9") == "\xc3\xa9");
}

TEST_CASE("a refusal fits into the trailers that every client takes", "[unit]") {
  std::vector<FieldViolation> fields;
  std::vector<Violation> conditions;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "contacts[" + std::to_string(i) + "].given_name";
    fields.push_back({name, std::string(200, 'x')});
    conditions.push_back({"CONTACT_EMAIL_INVALID", name, std::string(200, 'x')});
  }
  for (const absl::Status& refusal :
       {RefuseFields(fields),
        WithViolations(Refuse(invitation::v1::INVITATION_NOT_ALLOWED, "not"), conditions)}) {
    const grpc::Status status = ToGrpc(refusal);
    const size_t base64 = status.error_details().size() * 4 / 3;
    CHECK(status.error_message().size() + base64 < 7500);
    const absl::Status arrived = FromGrpc(status);
    CHECK(ReasonOf(arrived) == ReasonOf(refusal));
    CHECK(arrived.code() == refusal.code());
  }
  // What fits is left whole, and what is left are the first ones.
  const absl::Status small = RefuseFields({fields.begin(), fields.begin() + 5});
  CHECK(FromGrpc(ToGrpc(small)) == small);
  google::rpc::Status details;
  REQUIRE(details.ParseFromString(ToGrpc(RefuseFields(fields)).error_details()));
  google::rpc::BadRequest left;
  for (const auto& any : details.details()) any.UnpackTo(&left);
  REQUIRE(left.field_violations_size() > 5);
  CHECK(left.field_violations(0).field() == fields[0].field);
}

}  // namespace
}  // namespace gatehouse
