#include "absl/time/time.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "gatehouse/invitation/v1/sign_in.pb.h"
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

const char kOrigin[] = "Origin: https://portal.example\r\n";
const char kCookie[] = "Cookie: a=b; gatehouse=client-1\r\n";
const char kAllowed[] = "Access-Control-Allow-Origin: https://portal.example\r\n";
const char kJson[] = "Content-Type: application/json\r\n";

TEST_CASE_METHOD(GatewayFixture, "a page of a known origin reads every answer, errors too",
                 "[service][no-tsan]") {
  Start();
  const std::string crlf = "\r\n";
  const std::vector<std::pair<int, std::string>> answers = {
      {200, Get("/v1/portal/session", std::string(kOrigin) + kCookie)},
      {401, Get("/v1/portal/session", kOrigin)},
      {401, Get("/v1/portal/session", std::string(kOrigin) + "Cookie: gatehouse=bad\r\n")},
      {401, Get("/v1/cases", kOrigin)},
      {404, Get("/v1/nothing", kOrigin)},
      {400, Get("/v1//cases", kOrigin)},
      {405, Get("/v1/staffTokens", kOrigin)},
      {405, Get("/healthz", kOrigin, "DELETE")},
      {200, Get("/healthz", kOrigin)},
      {413, Ask("POST /v1/portal/links:open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                std::string(kJson) + kOrigin + "Content-Length: 2000000\r\n\r\n")},
      {415,
       Post("/v1/portal/links:open", std::string(kOrigin) + "Content-Type: text/plain\r\n", "{}")},
      {400, Post("/v1/portal/links:open", std::string(kOrigin) + kJson, "{")},
      {431, Get("/v1/cases", kOrigin + ("X: " + std::string(20000, 'x')) + "\r\n")},
      {400, Get("/v1/cases", std::string(kOrigin) + "X : y\r\n")},
      {505, Ask("GET / HTTP/3.0\r\nHost: x\r\n" + std::string(kOrigin) + "\r\n")}};
  for (const auto& [status, answer] : answers) {
    CAPTURE(status, answer);
    CHECK(StatusOf(answer) == status);
    CHECK(Has(answer, status == 200 && Has(answer, "alive") ? "alive" : kAllowed));
    CHECK(Has(answer, "Vary: Origin\r\n"));
  }
  // Nobody else's page does.
  for (const char* target : {"/v1/cases", "/v1/portal/session", "/v1/nothing"}) {
    CHECK_FALSE(Has(Get(target, "Origin: https://evil.example\r\n"), "Access-Control-Allow"));
    CHECK_FALSE(Has(Get(target), "Access-Control-Allow"));
  }
}

TEST_CASE_METHOD(GatewayFixture, "what tells where a request comes from passes the preflight",
                 "[service][no-tsan]") {
  Start();
  const std::string asks =
      "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: baggage\r\n";
  const std::string answer = Get("/v1/portal/session", kOrigin + asks, "OPTIONS");
  CHECK(StatusOf(answer) == 204);
  CHECK(Has(answer, kAllowed));
  for (const char* header : {"traceparent", "tracestate", "baggage", "Content-Digest",
                             "Repr-Digest", "Idempotency-Key", "If-None-Match"}) {
    CHECK(Has(answer, header));
  }
  CHECK(StatusOf(Get("/v1/cases", "Origin: https://evil.example\r\n", "OPTIONS")) == 403);
}

TEST_CASE_METHOD(GatewayFixture, "HEAD is answered as GET is, without the body",
                 "[service][no-tsan]") {
  RawClient client(Start());
  for (const char* target :
       {"/v1/cases", "/openapi.json", "/healthz", "/v1/nothing", "/v1/portal/session"}) {
    CAPTURE(target);
    const std::string headers = " HTTP/1.1\r\nHost: x\r\n" + std::string(kStaff) + "\r\n";
    client.Send(std::string("HEAD ") + target + headers);
    const std::string head = client.Receive("\r\n\r\n");
    CHECK(head.substr(head.size() - 4) == "\r\n\r\n");
    CHECK(Has(head, "Content-Length: "));
    // Nothing has followed: the next answer begins at once.
    client.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string next = client.Receive("alive\n");
    CHECK(next.find("HTTP/1.1 200 OK\r\n") == 0);
    const std::string got = Get(target, kStaff);
    CHECK(StatusOf(got) == StatusOf(head));
  }
  CHECK(Has(Get("/v1/cases/deal-1", kStaff, "PATCH"), "GET, HEAD"));
}

TEST_CASE_METHOD(GatewayFixture, "every answer says when it was made", "[service][no-tsan]") {
  Start();
  for (const std::string& answer : {Get("/healthz"), Get("/v1/cases", kStaff), Get("/v1/nothing"),
                                    Ask("GET / HTTP/3\r\n\r\n")}) {
    const size_t at = answer.find("\r\nDate: ");
    REQUIRE(at != std::string::npos);
    absl::Time date;
    std::string error;
    CHECK(absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", answer.substr(at + 8, 29), &date, &error));
    CHECK(absl::AbsDuration(absl::Now() - date) < absl::Seconds(5));
  }
}

TEST_CASE_METHOD(GatewayFixture, "an address of the gateway's own takes GET and HEAD alone",
                 "[service][no-tsan]") {
  Start();
  for (const char* target : {"/healthz", "/readyz", "/openapi.json"}) {
    for (const char* method : {"TRACE", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "BREW"}) {
      CAPTURE(target, method);
      const std::string answer = Get(target, "", method);
      CHECK(StatusOf(answer) == 405);
      CHECK(Has(answer, "Allow: GET, HEAD\r\n"));
    }
  }
}

TEST_CASE_METHOD(GatewayFixture, "a parameter that is given twice is refused by its name",
                 "[service][no-tsan]") {
  Start();
  CHECK(StatusOf(Get("/v1/cases?pageSize=5", kStaff)) == 200);
  for (const char* query :
       {"pageSize=5&pageSize=6", "pageSize=5&pageSize=5", "pageSize=5&page_size=6"}) {
    const std::string answer = Get(std::string("/v1/cases?") + query, kStaff);
    CHECK(StatusOf(answer) == 400);
    CHECK(Has(answer, "is given twice"));
  }
}

TEST_CASE_METHOD(GatewayFixture, "a body that is coded, or is not the one that its digest names",
                 "[service][no-tsan]") {
  Start();
  const auto status = [&](const std::string& headers) {
    return StatusOf(Post("/v1/portal/links:open", kJson + headers, "{}"));
  };
  const std::string sha256 = "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=";
  CHECK(status("") == 200);
  CHECK(status("Content-Encoding: identity\r\n") == 200);
  for (const char* coding : {"gzip", "deflate", "br", "gzip, gzip", "x"}) {
    const std::string answer = Post(
        "/v1/portal/links:open", std::string(kJson) + "Content-Encoding: " + coding + "\r\n", "{}");
    CHECK(StatusOf(answer) == 415);
    CHECK(Has(answer, "Accept-Encoding: identity\r\n"));
    CHECK(Has(answer, "CONTENT_ENCODING_NOT_SUPPORTED"));
  }
  CHECK(status("Content-Digest: sha-256=:" + sha256 + ":\r\n") == 200);
  CHECK(status("Repr-Digest: sha-256=:" + sha256 + ":, unixsum=:AAAA:\r\n") == 200);
  CHECK(status("Content-MD5: mZFLkyvTelC5g8XnyQrpOw==\r\n") == 200);
  for (const std::string& bad :
       {"Content-Digest: sha-256=:" + std::string(43, 'A') + "=:",
        std::string("Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg=="),
        "Repr-Digest: sha-512=:" + std::string(86, 'A') + "==:",
        std::string("Content-Digest: sha-256=:AAAA:"), std::string("Content-Digest: sha-256"),
        std::string("Content-Digest: sha-256=abc"), std::string("Content-MD5: x")}) {
    CAPTURE(bad);
    CHECK(status(bad + "\r\n") == 400);
  }
}

TEST_CASE_METHOD(GatewayFixture, "a stranger's ids stand beside ours, and never become ours",
                 "[service][no-tsan]") {
  Start();
  const std::string answer = Get("/v1/cases", std::string(kStaff) + "X-Request-Id: theirs\r\n");
  CHECK(Has(answer, "X-Request-Id: req_"));
  CHECK_FALSE(Has(answer, "theirs"));
  CHECK(Told("gatehouse-request-id").substr(0, 4) == "req_");
  // Where no spans go anywhere, nobody makes us record any.
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  Get("/v1/cases", std::string(kStaff) + "traceparent: 00-" + trace + "-b7ad6b7169203331-01\r\n");
  CHECK(Told("traceparent").substr(3, 32) == trace);
  CHECK(Told("traceparent").substr(53) == "00");
}

TEST_CASE("a stranger's trace is sampled as often as one of our own", "[unit]") {
  const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0";
  CHECK_FALSE(TraceOfStranger(parent + "1").sampled);
  RecordSpans([](const SpanRecord&) {}, 100);
  CHECK(TraceOfStranger(parent + "1").sampled);
  CHECK_FALSE(TraceOfStranger(parent + "0").sampled);
  RecordSpans([](const SpanRecord&) {}, 0);
  CHECK_FALSE(TraceOfStranger(parent + "1").sampled);
  RecordSpans([](const SpanRecord&) {}, 50);
  int sampled = 0;
  for (int i = 0; i < 1000; ++i) sampled += TraceOfStranger(parent + "1").sampled ? 1 : 0;
  CHECK(sampled > 400);
  CHECK(sampled < 600);
  RecordSpans(nullptr, 0);
  CHECK(TraceOfStranger("nonsense").trace_id.size() == 32);
}

TEST_CASE_METHOD(GatewayFixture, "a service hears who is behind the proxies",
                 "[service][no-tsan]") {
  Start();
  const auto told = [&](const std::string& headers) {
    Get("/v1/cases", kStaff + headers);
    return Told("gatehouse-client-address");
  };
  CHECK(told("") == "127.0.0.1");
  CHECK(told("X-Forwarded-For: 1.2.3.4:51008\r\n") == "1.2.3.4");
  // HAProxy writes a line of its own: the client's stands before it.
  CHECK(told("X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 1.2.3.4\r\n") == "1.2.3.4");
  CHECK(told("X-Forwarded-For: 9.9.9.9\r\nA: b\r\nX-Forwarded-For: 1.2.3.4, 127.0.0.1\r\n") ==
        "1.2.3.4");
  CHECK(told("X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: nonsense\r\n") == "127.0.0.1");
  CHECK(told("Forwarded: for=\"[2001:db8::1]:4711\"\r\n") == "2001:db8::1");
}

TEST_CASE_METHOD(GatewayFixture, "a sign-in from another site is refused before its code is used",
                 "[service][no-tsan]") {
  Start();
  const auto verify = [&](const std::string& site) {
    return Post("/v1/portal/signIn:verify", kJson + site,
                "{\"challengeId\":\"c\",\"code\":\"123456\"}");
  };
  const std::string refused = verify("Sec-Fetch-Site: cross-site\r\n" + std::string(kOrigin));
  CHECK(StatusOf(refused) == 403);
  CHECK(Has(refused, "CROSS_SITE_SIGN_IN"));
  CHECK(Has(refused, kAllowed));
  CHECK(service.seen().empty());
  for (const char* site : {"", "Sec-Fetch-Site: same-site\r\n", "Sec-Fetch-Site: same-origin\r\n",
                           "Sec-Fetch-Site: none\r\n"}) {
    CHECK(StatusOf(verify(site)) == 200);
  }
  // What gives no cookie is no sign-in.
  CHECK(StatusOf(Post("/v1/portal/links:open",
                      std::string(kJson) + "Sec-Fetch-Site: cross-site\r\n", "{}")) == 200);
}

TEST_CASE_METHOD(GatewayFixture, "credentials that nobody knows cost identity little",
                 "[service][no-tsan]") {
  options.strangers = {.asks_per_address = 20, .asks_per_second = 0};
  Start();
  const auto ask = [&](const std::string& token, const std::string& from) {
    return StatusOf(Get(
        "/v1/cases", "Authorization: Bearer " + token + "\r\nX-Forwarded-For: " + from + "\r\n"));
  };
  CHECK(ask("staff-1", "192.0.2.1") == 200);
  for (int i = 0; i < 10; ++i) CHECK(ask("same", "192.0.2.1") == 401);
  CHECK(authenticator.asked == 2);
  for (int i = 0; i < 50; ++i) ask("made-up-" + std::to_string(i), "192.0.2.1");
  CHECK(authenticator.asked == 21);
  CHECK(ask("one-more", "192.0.2.1") == 429);
  // Who was good before, and who comes from elsewhere, is served.
  CHECK(ask("staff-1", "192.0.2.1") == 200);
  CHECK(ask("staff-2", "192.0.2.2") == 200);
  CHECK(ask(std::string(513, 'x'), "192.0.2.3") == 401);
}

TEST_CASE_METHOD(GatewayFixture, "origins that nobody knows cost identity little",
                 "[service][no-tsan]") {
  options.strangers = {.asks_per_address = 20, .asks_per_second = 0};
  Start();
  for (int i = 0; i < 5; ++i) Get("/v1/nothing", "Origin: https://evil.example\r\n");
  CHECK(origins_asked == 1);
  for (int i = 0; i < 100; ++i) {
    Get("/v1/nothing", "Origin: https://evil" + std::to_string(i) + ".example\r\n");
  }
  CHECK(origins_asked == 20);
  CHECK(Has(Get("/v1/nothing", std::string(kOrigin) + "X-Forwarded-For: 192.0.2.9\r\n"), kAllowed));
  CHECK(origins_asked == 21);
}

TEST_CASE_METHOD(GatewayFixture, "too many requests of one caller are told to come back",
                 "[service][no-tsan]") {
  options.in_flight = {.requests = 40, .requests_per_caller = 5};
  service.Set("gatehouse.cases.v1.Cases/ListCases", {.answers_at_all = false});
  Start();
  const auto head = [](const std::string& from) {
    return "GET /v1/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer staff-" + from +
           "\r\nX-Forwarded-For: 192.0.2." + from + "\r\n\r\n";
  };
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.push_back(std::make_unique<RawClient>(server->port()));
    waiting.back()->Send(head("1"));
  }
  absl::SleepFor(absl::Milliseconds(200));
  RawClient sixth(server->port());
  sixth.Send(head("1"));
  const std::string refused = sixth.Receive("}");
  CHECK(StatusOf(refused) == 429);
  CHECK(Has(refused, "TOO_MANY_REQUESTS"));
  CHECK(Has(refused, "Retry-After: 1\r\n"));
  CHECK(StatusOf(Get("/healthz", "X-Forwarded-For: 192.0.2.2\r\n")) == 200);
  service.Stop();
}

TEST_CASE_METHOD(GatewayFixture, "answers that are not taken hold their caller's share of bytes",
                 "[service][no-tsan]") {
  options.in_flight = {.bytes = 100 << 20, .bytes_per_caller = 20 << 20};
  http.progress_timeout = std::chrono::seconds(30);
  cases::v1::Case large;
  // As JSON it is six times as long, which is more than the sockets of both sides take.
  large.set_display_name(std::string(2 << 20, '\x01'));
  service.Set("gatehouse.cases.v1.Cases/GetCase", {.answers = {large.SerializeAsString()}});
  Start();
  const auto from = [](const std::string& caller) {
    return "Authorization: Bearer staff-" + caller + "\r\nX-Forwarded-For: 192.0.2." + caller +
           "\r\n";
  };
  {
    RawClient idle(server->port(), 4096);
    idle.Send("GET /v1/cases/deal-1 HTTP/1.1\r\nHost: x\r\n" + from("1") + "\r\n");
    CHECK(StatusOf(idle.ReceiveBytes(12)) == 200);
    const std::string refused = Get("/v1/cases/deal-1", from("1"));
    CHECK(StatusOf(refused) == 429);
    CHECK(Has(refused, "TOO_MANY_REQUESTS"));
    CHECK(StatusOf(Get("/v1/cases/deal-1", from("2"))) == 200);
    // What was changed is told all the same.
    service.Set("gatehouse.cases.v1.Cases/PutCase", {.answers = {large.SerializeAsString()}});
    CHECK(StatusOf(Ask("PUT /v1/cases/deal-1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                       from("1") +
                       "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")) == 200);
  }
  int status = 0;
  for (int i = 0; i < 50 && status != 200; ++i) {
    absl::SleepFor(absl::Milliseconds(100));
    status = StatusOf(Get("/v1/cases/deal-1", from("1")));
  }
  CHECK(status == 200);
}

TEST_CASE_METHOD(GatewayFixture,
                 "a sign-in brings the browser's session along, by the cookie alone",
                 "[service][no-tsan]") {
  Start();
  const auto told = [&](const std::string& headers, const std::string& more = "") {
    Post("/v1/portal/signIn:verify", "Content-Type: application/json\r\n" + headers,
         R"({"challengeId":"chl_1","code":"120995")" + more + "}");
    invitation::v1::VerifySignInRequest request;
    REQUIRE(request.ParseFromString(service.seen().back().first));
    CHECK(request.code() == "120995");
    return request.session_token();
  };
  CHECK(told("").empty());
  CHECK(told("Cookie: gatehouse=gh_session_x\r\n") == "gh_session_x");
  CHECK(told("Cookie: a=b; gatehouse=gh_session_x; c=d\r\n") == "gh_session_x");
  CHECK(told("", R"(,"sessionToken":"gh_session_y")").empty());
  CHECK(told("Cookie: gatehouse=gh_session_x\r\n", R"(,"sessionToken":"gh_session_y")") ==
        "gh_session_x");
  // Neither a bearer credential nor what cannot be a token.
  CHECK(told(kStaff).empty());
  CHECK(told("Cookie: gatehouse=" + std::string(600, 'x') + "\r\n").empty());
  CHECK(told("Cookie: gatehouse=caf\xc3\xa9\r\n").empty());
}

TEST_CASE_METHOD(GatewayFixture, "a stranger's name of a request goes on beside ours",
                 "[service][no-tsan]") {
  Start();
  Get("/v1/cases", kStaff + std::string("X-Request-Id: theirs\r\n"));
  CHECK(Told("gatehouse-client-request-id") == "theirs");
  CHECK(Told("gatehouse-request-id").rfind("req_", 0) == 0);
  Get("/v1/cases", kStaff);
  CHECK(Told("gatehouse-client-request-id").empty());
}

}  // namespace
}  // namespace gatehouse::gateway
