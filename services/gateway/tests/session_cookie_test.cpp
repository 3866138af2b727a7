#include "services/gateway/session_cookie.h"

#include <catch2/catch.hpp>

#include "services/gateway/tests/gateway_fixture.h"

namespace gatehouse::gateway {
namespace {

constexpr char kHost[] = "api.example", kOne[] = "https://one.example",
               kOther[] = "https://other.example";

SessionCookie For(const std::string& origin, const std::string& cookies = "",
                  const std::string& referer = "", const std::string& fetch_site = "") {
  return SessionCookie({.cookies = cookies,
                        .origin = origin,
                        .referer = referer,
                        .fetch_site = fetch_site,
                        .host = kHost,
                        .secure = true});
}

TEST_CASE("the pages of two origins have two sessions in one browser", "[unit]") {
  const std::string one = For(kOne).name(), other = For(kOther).name();
  CHECK(one != other);
  CHECK(one.rfind("__Host-gatehouse-", 0) == 0);
  CHECK(one.size() == std::string("__Host-gatehouse-").size() + 12);
  const std::string both = one + "=token-1; " + other + "=token-2";
  CHECK(For(kOne, both).value() == "token-1");
  CHECK(For(kOther, both).value() == "token-2");
  CHECK(For(kOther, both).found_as() == other);
}

TEST_CASE("a page of our own host has the plain cookie, whatever it asks", "[unit]") {
  CHECK(For("https://api.example").name() == "__Host-gatehouse");
  CHECK(For("https://API.example").name() == "__Host-gatehouse");
  CHECK(For("").name() == "__Host-gatehouse");
  CHECK(For("null").name() == "__Host-gatehouse");
  // A proxy may say another host than the browser did: the browser knows.
  CHECK(For(kOne, "", "", "same-origin").name() == "__Host-gatehouse");
  CHECK(For(kOne, "", "", "same-site").name() != "__Host-gatehouse");
  CHECK(SessionCookie({.origin = "http://localhost:3000", .host = "localhost:3000"}).name() ==
        "gatehouse");
}

TEST_CASE("a link to a file finds the session of the page that it stands on", "[unit]") {
  const std::string one = For(kOne).name(), other = For(kOther).name();
  const std::string both = one + "=token-1; " + other + "=token-2";
  CHECK(For("", both, "https://one.example/deep/page?x#y").value() == "token-1");
  CHECK(For("", both, "https://other.example").value() == "token-2");
  // Nothing names the page: the only one serves, and of two none.
  CHECK(For("", one + "=token-1").value() == "token-1");
  CHECK(For("", one + "=token-1").found_as() == one);
  CHECK(For("", both).value().empty());
  CHECK(For("", both).found_as() == "__Host-gatehouse");
}

TEST_CASE("a session from before cookies had hashes goes on", "[unit]") {
  const SessionCookie old = For(kOne, "a=b; __Host-gatehouse=token-0; c=d");
  CHECK(old.value() == "token-0");
  CHECK(old.found_as() == "__Host-gatehouse");
  CHECK(old.name() == For(kOne).name());
  // By HTTP a cookie of HTTPS is none, and the other way round.
  CHECK(For(kOne, "gatehouse=token-0").value().empty());
  CHECK(For(kOne, "__Host-gatehouse-0=x; __Host-gatehousex=y; =; ;;").value().empty());
}

TEST_CASE_METHOD(GatewayFixture, "what ends is the cookie that was no session any more",
                 "[service][no-tsan]") {
  Start();
  const std::string page = "Origin: https://portal.example\r\n";
  const std::string name = SessionCookie({.origin = "https://portal.example", .host = "x"}).name();
  CHECK(Get("/v1/portal/session", page + "Cookie: " + name + "=client-1\r\n").find(" 200 ") !=
        std::string::npos);
  const std::string ended = Get("/v1/portal/session", page + "Cookie: " + name + "=bad\r\n");
  CHECK(ended.find("Set-Cookie: " + name + "=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0\r\n") !=
        std::string::npos);
}

}  // namespace
}  // namespace gatehouse::gateway
