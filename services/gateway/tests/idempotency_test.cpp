#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/documents/v1/documents.pb.h"
#include "services/gateway/tests/gateway_fixture.h"

namespace gatehouse::gateway {
namespace {

const char kNotes[] = "/v1/cases/deal-1/notes";
const std::string kStaff = "Authorization: Bearer staff-1\r\nContent-Type: application/json\r\n";

struct Fixture : GatewayFixture {
  // The request id with which the one call arrived that this led to.
  std::string RequestId() const {
    const auto calls = service.seen();
    cases::v1::CreateNoteRequest request;
    if (calls.empty() || !request.ParseFromString(calls.back().first)) return "no call";
    return request.request_id();
  }
};

TEST_CASE_METHOD(Fixture, "Idempotency-Key is the request id of a call that has one",
                 "[service][no-tsan]") {
  Start();
  CHECK(StatusOf(Post(kNotes, kStaff + "Idempotency-Key: R1\r\n", R"({"text":"a"})")) == 200);
  CHECK(RequestId() == "R1");
  // The draft writes it as a string.
  CHECK(StatusOf(Post(kNotes, kStaff + "Idempotency-Key: \"R2\"\r\n", R"({"text":"a"})")) == 200);
  CHECK(RequestId() == "R2");
  CHECK(StatusOf(Post(kNotes, kStaff, R"({"text":"a","requestId":"R3"})")) == 200);
  CHECK(RequestId() == "R3");
  CHECK(StatusOf(Post(kNotes, kStaff, R"({"text":"a"})")) == 200);
  CHECK(RequestId().empty());
}

TEST_CASE_METHOD(Fixture, "a request id in the body and another in the header are refused",
                 "[service][no-tsan]") {
  Start();
  const std::string body = R"({"text":"a","requestId":"R1"})";
  CHECK(StatusOf(Post(kNotes, kStaff + "Idempotency-Key: R1\r\n", body)) == 200);
  const std::string answer = Post(kNotes, kStaff + "Idempotency-Key: R2\r\n", body);
  CHECK(StatusOf(answer) == 400);
  CHECK(Has(answer, "\"reason\":\"INVALID_REQUEST\""));
  CHECK(Has(answer, "\"field\":\"requestId\""));
  CHECK(service.seen().size() == 1);
}

TEST_CASE_METHOD(Fixture, "an upload has its request id in the header or the query",
                 "[service][no-tsan]") {
  Start();
  const std::string target = "/v1/cases/deal-1/documents?filename=a.pdf";
  const std::string headers =
      "Authorization: Bearer staff-1\r\nContent-Type: application/pdf\r\nIdempotency-Key: U1\r\n";
  CHECK(StatusOf(Post(target, headers, "%PDF")) == 200);
  documents::v1::UploadDocumentRequest upload;
  REQUIRE(upload.ParseFromString(service.seen().back().first));
  CHECK(upload.request_id() == "U1");
  CHECK(StatusOf(Post(target + "&requestId=U1", headers, "%PDF")) == 200);
  CHECK(StatusOf(Post(target + "&requestId=U2", headers, "%PDF")) == 400);
}

TEST_CASE_METHOD(Fixture, "a call without a request id takes no notice of the header",
                 "[service][no-tsan]") {
  Start();
  CHECK(StatusOf(Get("/v1/cases", kStaff + "Idempotency-Key: R1\r\n")) == 200);
}

TEST_CASE_METHOD(Fixture, "a portal's page may send Idempotency-Key", "[service][no-tsan]") {
  Start();
  const std::string answer =
      Get(kNotes, "Origin: https://portal.example\r\nAccess-Control-Request-Method: POST\r\n",
          "OPTIONS");
  CHECK(StatusOf(answer) == 204);
  CHECK(Has(answer, "Idempotency-Key"));
}

}  // namespace
}  // namespace gatehouse::gateway
