#include "services/common/rpc/metadata.h"
#include "services/gateway/http/header_text.h"
#include "services/gateway/tests/gateway_fixture.h"

namespace gatehouse::gateway {
namespace {

const char kStaff[] = "Authorization: Bearer staff-1\r\n";
const char kUserAgent[] = "gatehouse-user-agent";

TEST_CASE("a header's value is a text that can be kept", "[unit]") {
  CHECK(HeaderText("Mozilla/5.0", 300) == "Mozilla/5.0");
  CHECK(HeaderText("caf\xc3\xa9", 300) == "caf\xc3\xa9");
  CHECK(HeaderText("caf\xe9", 300) == "caf\xc3\xa9");
  CHECK(HeaderText("a\tb\x7f", 300) == "a b ");
  CHECK(HeaderText("a\xc2\x85z", 300) == "a z");
  CHECK(HeaderText("a\x85z", 300) == "a z");
  CHECK(HeaderText("abcdef", 3) == "abc");
  CHECK(HeaderText("ab\xc3\xa9", 3) == "ab");
  CHECK(HeaderText("\xe2\x82\xac", 2).empty());
}

TEST_CASE_METHOD(GatewayFixture, "no byte of a header ends the gateway", "[service][no-tsan]") {
  Start();
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '\n' || byte == '\r') continue;
    const std::string agent = "caf" + std::string(1, static_cast<char>(byte)) + "x";
    const std::string answer = Get("/v1/cases", kStaff + ("User-Agent: " + agent) + "\r\n");
    CAPTURE(byte);
    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
    CHECK(StatusOf(answer) == (control ? 400 : 200));
    if (!control) CHECK(UnescapeMetadata(Told(kUserAgent)) == HeaderText(agent, 300));
  }
}

TEST_CASE_METHOD(GatewayFixture, "whatever any header says, the gateway answers",
                 "[service][no-tsan]") {
  Start();
  const std::string odd = "\t caf\xc3\xa9 \xff\xfe 100% \x80";
  for (const char* name :
       {"User-Agent", "X-Request-Id", "traceparent", "tracestate", "baggage", "X-Forwarded-For",
        "X-Forwarded-Proto", "Forwarded", "Authorization", "Cookie", "Origin", "Referer",
        "If-None-Match", "Range", "Content-Type", "Sec-Fetch-Site", "Accept", "Expect"}) {
    for (const char* target : {"/v1/cases", "/v1/portal/session", "/openapi.json", "/healthz"}) {
      const std::string answer = Get(target, std::string(name) + ": " + odd + "\r\n");
      INFO(name << " " << target);
      CHECK(StatusOf(answer) >= 200);
      CHECK(StatusOf(answer) < 500);
    }
  }
  CHECK(StatusOf(Get("/v1/cases", kStaff)) == 200);
}

}  // namespace
}  // namespace gatehouse::gateway
