#include "services/gateway/tests/gateway_fixture.h"

// A 401 makes a frontend sign its user out: it must be identity's own word.
namespace gatehouse::gateway {
namespace {

const char kStaff[] = "Authorization: Bearer staff-1\r\n";
const char kCookie[] = "Cookie: gatehouse=client-1\r\n";
const char kCases[] = "gatehouse.cases.v1.Cases/ListCases";
const char kUpload[] = "gatehouse.documents.v1.Documents/UploadDocument";
const char kDownload[] = "gatehouse.documents.v1.Documents/DownloadDocument";
const char kContent[] = "/v1/cases/c/documents/d/content";
const char kFile[] = "/v1/cases/c/documents?filename=a.pdf";

struct Doubted : GatewayFixture {
  Doubted() {
    for (const char* method : {kCases, kUpload, kDownload}) service.Set(method, {.takes = "newer"});
    Start();
  }
  std::string Upload() const {
    return Post(kFile, std::string(kStaff) + "Content-Type: application/pdf\r\n", "%PDF-1.4");
  }
};

TEST_CASE_METHOD(Doubted, "a token that a service does not take is made anew, and the call again",
                 "[service][no-tsan]") {
  CHECK(StatusOf(Get("/v1/cases", kStaff)) == 503);  // Identity's token is still the old one.
  CHECK(authenticator.asked == 2);                   // At first, and as the service refused it.
  authenticator.Rotate("newer");
  CHECK(StatusOf(Get("/v1/cases", kStaff)) == 200);
  CHECK(Told("authorization") == "Bearer newer");
}

TEST_CASE_METHOD(Doubted, "while a service and identity disagree nobody is signed out",
                 "[service][no-tsan]") {
  for (const std::string& answer : {Get("/v1/cases", kStaff), Get(kContent, kStaff), Upload()}) {
    INFO(answer);
    CHECK(StatusOf(answer) == 503);
    CHECK(Has(answer, "Retry-After: 1\r\n"));
    CHECK_FALSE(Has(answer, "WWW-Authenticate"));
  }
}

TEST_CASE_METHOD(Doubted, "a stream whose token is not taken works when it is asked for again",
                 "[service][no-tsan]") {
  CHECK(StatusOf(Upload()) == 503);
  authenticator.Rotate("newer");
  CHECK(StatusOf(Upload()) == 503);  // With the old one; but from now on,
  CHECK(StatusOf(Upload()) == 200);
  CHECK(StatusOf(Get(kContent, kStaff)) == 200);
}

TEST_CASE_METHOD(Doubted, "what identity cannot be asked about is no 401", "[service][no-tsan]") {
  CHECK(StatusOf(Get("/v1/cases", kStaff)) == 503);
  authenticator.GoAway();
  for (const char* target : {"/v1/cases", kContent}) {
    CHECK(StatusOf(Get(target, kStaff)) == 503);
    CHECK(StatusOf(Get(target, "Authorization: Bearer staff-2\r\n")) == 503);
  }
  const std::string portal = Get("/v1/portal/session", kCookie);
  CHECK(StatusOf(portal) == 503);
  CHECK_FALSE(Has(portal, "Set-Cookie"));  // The browser keeps its session.
}

TEST_CASE_METHOD(GatewayFixture, "a credential that identity does not know is a 401, and ends",
                 "[service][no-tsan]") {
  Start();
  CHECK(StatusOf(Get("/v1/cases", "Authorization: Bearer bad\r\n")) == 401);
  const std::string portal = Get("/v1/portal/session", "Cookie: gatehouse=bad\r\n");
  CHECK(StatusOf(portal) == 401);
  CHECK(Has(portal, "Set-Cookie: gatehouse=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0\r\n"));
}

}  // namespace
}  // namespace gatehouse::gateway
