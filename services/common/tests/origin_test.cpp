#include "services/common/text/origin.h"

#include <catch2/catch.hpp>

namespace gatehouse {
namespace {

std::string Normalised(const std::string& url) {
  const auto normalised = NormalisedUrl(url);
  return normalised.ok() ? *normalised : std::string(normalised.status().message());
}

TEST_CASE("a URL is kept as browsers write its origin", "[unit]") {
  CHECK(Normalised("https://Portal.X.com") == "https://portal.x.com");
  CHECK(Normalised("HTTPS://portal.x.com:443") == "https://portal.x.com");
  CHECK(Normalised("http://localhost:80/") == "http://localhost");
  CHECK(Normalised("https://portal.x.com:80") == "https://portal.x.com:80");
  CHECK(Normalised("https://portal.x.com:08443/") == "https://portal.x.com:8443");
  CHECK(Normalised("https://portal.x.com/au///") == "https://portal.x.com/au");
  CHECK(Normalised("https://x.com/Au/Portal") == "https://x.com/Au/Portal");
  CHECK(Normalised("https://x.com/a@b:c") == "https://x.com/a@b:c");
  CHECK(Normalised("https://x.com:443/a") == "https://x.com/a");
}

TEST_CASE("a host of any script is kept in ASCII", "[unit]") {
  CHECK(Normalised("https://exämple.com") == "https://xn--exmple-cua.com");
  CHECK(Normalised("https://EXÄMPLE.com:443/") == "https://xn--exmple-cua.com");
  CHECK(Normalised("https://xn--exmple-cua.com") == "https://xn--exmple-cua.com");
  CHECK(Normalised("https://faß.de") == "https://xn--fa-hia.de");
  CHECK(Normalised("https://例え.テスト") == "https://xn--r8jz45g.xn--zckzah");
  CHECK(Normalised("https://ｐｏｒｔａｌ.x.com") == "https://portal.x.com");  // Full width.
  CHECK(Normalised("https://portal。x.com") == "https://portal.x.com");  // An ideographic stop.
}

TEST_CASE("what no origin can be is refused by name", "[unit]") {
  CHECK(Normalised("https://ada@x.com") == "must not name a user");
  CHECK(Normalised("https://ada:secret@x.com/") == "must not name a user");
  CHECK(Normalised("https://x.com?a=b") == "must not have a query");
  CHECK(Normalised("https://x.com/a?") == "must not have a query");
  CHECK(Normalised("https://x.com/#a") == "must not have a fragment");
  CHECK(Normalised("https://x.com#") == "must not have a fragment");
  for (const char* url :
       {"", "x.com", "ftp://x.com", "javascript:alert(1)", "https://", "https:///a",
        "https://a b.com", "https://x.com\\a", " https://x.com", "https://x.com/ä",
        "https://x.com:", "https://x.com:999999", "https://[::1]"}) {
    INFO(url);
    CHECK(Normalised(url) == "must be an http or https URL");
  }
  for (const char* url : {"https://a..b", "https://.a", "https://a_b.com", "https://x.com.",
                          "https://-a.com", "https://xn--a.com", "https://%41.com"}) {
    INFO(url);
    CHECK(Normalised(url) == "must name a host");
  }
  CHECK(Normalised("https://x.com:0") == "must name a port");
  CHECK(Normalised("https://x.com:65536") == "must name a port");
  CHECK_FALSE(NormalisedUrl("https://" + std::string(300, 'a')).ok());
}

TEST_CASE("to normalise twice is to normalise once", "[unit]") {
  for (const char* url :
       {"https://Portal.X.com:443/", "http://LOCALHOST:5173", "https://EXÄMPLE.com/a/"}) {
    CHECK(Normalised(Normalised(url)) == Normalised(url));
  }
}

TEST_CASE("an origin is a URL without its path", "[unit]") {
  CHECK(OriginOf("https://portal.example.com/au") == "https://portal.example.com");
  CHECK(OriginOf("http://localhost:5173") == "http://localhost:5173");
  CHECK(OriginOf("nothing").empty());
}

TEST_CASE("only this machine is local", "[unit]") {
  for (const char* url : {"http://localhost", "http://localhost:5173/a", "http://127.0.0.1:3000",
                          "http://acme.localhost"}) {
    CHECK(IsLocal(url));
  }
  for (const char* url : {"http://localhost.example.com", "http://127.0.0.1.example.com",
                          "http://notlocalhost", "https://x.com/localhost"}) {
    CHECK_FALSE(IsLocal(url));
  }
}

}  // namespace
}  // namespace gatehouse
