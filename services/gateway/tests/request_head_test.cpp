#include "services/gateway/http/request_head.h"

#include <catch2/catch.hpp>

namespace gatehouse::gateway {
namespace {

std::string Head(const std::string& headers) { return "POST /x HTTP/1.1\r\n" + headers + "\r\n"; }

TEST_CASE("a head is taken only if no two servers could read it differently", "[unit]") {
  CHECK_FALSE(MistakeInHead(Head("Host: x\r\n")).has_value());
  CHECK_FALSE(MistakeInHead(Head("Host: x\r\nContent-Length: 5\r\n")).has_value());
  CHECK_FALSE(MistakeInHead(Head("Host: x\r\nTransfer-Encoding: Chunked\r\n")).has_value());
  for (const char* headers :
       {"",
        "Host: x\r\nHost: y\r\n",
        "Host:\r\n",
        "Host : x\r\n",
        "Host: x\r\n folded\r\n",
        "Host: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Host: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
        "Host: x\r\nContent-Length: -1\r\n",
        "Host: x\r\nContent-Length: 5, 5\r\n",
        "Host: x\r\nContent-Length: \r\n",
        "Host: x\r\nContent-Length: 9999999999999999\r\n",
        "Host: x\r\nTransfer-Encoding: identity\r\n",
        "Host: x\r\nTransfer-Encoding: xchunked\r\n",
        "Host: x\r\nTransfer-Encoding: chunked, identity\r\n",
        "Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Host: x\r\nX: a\rb\r\n",
        "Host: x\r\nX: a\x01\r\n",
        "Host: x\nX: a\r\n",
        "Host: x\r\nX\r\n",
        "Host: x\r\n: x\r\n",
        "Host: x\r\nX\x80: a\r\n"}) {
    INFO(headers);
    CHECK(MistakeInHead(Head(headers)) == 400);
  }
  for (const char* line : {"GET  HTTP/1.1", "GET x HTTP/1.1", "GET /a b HTTP/1.1", "GET /x",
                           "G(T /x HTTP/1.1", " GET /x HTTP/1.1", "GET /\x7f HTTP/1.1", ""}) {
    INFO(line);
    CHECK(MistakeInHead(std::string(line) + "\r\nHost: x\r\n\r\n").has_value());
  }
  std::string many = "Host: x\r\n";
  for (int i = 0; i < 101; ++i) many += "X: y\r\n";
  CHECK(MistakeInHead(Head(many)) == 431);
}

TEST_CASE("a host is a name or an address, and a port", "[unit]") {
  const auto mistake = [](const std::string& host) {
    return MistakeInHead(Head("Host: " + host + "\r\n"));
  };
  for (const char* host :
       {"x", "portal.example", "portal.example:8443", "portal.example:", "127.0.0.1:8080", "[::1]",
        "[2001:db8::1]:443", "xn--exmple-cua.com", "a_b", "x:0", "x:65535", "a%20b"}) {
    CAPTURE(host);
    CHECK_FALSE(mistake(host).has_value());
  }
  for (const char* host :
       {"user@host", "a, b",   "a b",     "x:99999", "x:65536", "x:123456", "x:8o",
        "x:-1",      "x:+1",   "a/b",     "a?b",     "a#b",     "a\\b",     "http://x",
        "[::1",      "[::1]x", "[::1]:x", "[]",      ":80",     "::1",      "x:1:2",
        "[x]:80/",   "\"x\"",  "<x>",     "x\x80",   "x\ty"}) {
    CAPTURE(host);
    CHECK(mistake(host) == 400);
  }
}

TEST_CASE("a target is a path or a URL, and nothing that others would read differently", "[unit]") {
  const auto mistake = [](const std::string& target) {
    return MistakeInHead("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
  };
  for (const char* target :
       {"/", "/a/b?c=d", "/a|b", "/a%5Cb", "/a%23b", "//x", "http://x", "http://x/", "http://x/a?b",
        "http://x?b", "HTTPS://portal.example:8443/v1", "http://[::1]:80/a"}) {
    CAPTURE(target);
    CHECK_FALSE(mistake(target).has_value());
  }
  for (const char* target :
       {"/a#b", "/#", "/a\\b", "\\", "*", "x", "x:80", "a/b", "ftp://x/", "http:/x", "http://",
        "http:///", "http://user@x/", "http://x:99999/", "http://a,b/", "/\x80", "?a"}) {
    CAPTURE(target);
    CHECK(mistake(target) == 400);
  }
}

TEST_CASE("of a URL the path and the query are what is asked for", "[unit]") {
  for (const auto& [target, path] : std::vector<std::pair<std::string, std::string>>{
           {"/a?b", "/a?b"},
           {"/", "/"},
           {"//x/a", "//x/a"},
           {"http://x", "/"},
           {"http://x/", "/"},
           {"http://x/a/b?c=http://y/", "/a/b?c=http://y/"},
           {"https://x?c", "/?c"},
           {"HTTP://x:80/a", "/a"}}) {
    CHECK(PathAndQuery(target) == path);
  }
}

TEST_CASE("HTTP/1.0 needs no host, and knows no chunks", "[unit]") {
  const auto old = [](const std::string& headers) {
    return MistakeInHead("POST /x HTTP/1.0\r\n" + headers + "\r\n");
  };
  CHECK_FALSE(old("").has_value());
  CHECK_FALSE(old("Host: x\r\nContent-Length: 3\r\n").has_value());
  CHECK(old("Host: x\r\nHost: x\r\n") == 400);
  CHECK(old("Host: \r\n") == 400);
  CHECK(old("Transfer-Encoding: chunked\r\n") == 400);
  for (const char* version : {"HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/2", "HTTP/11", "HTTP/"}) {
    CHECK(MistakeInHead(std::string("GET /x ") + version + "\r\nHost: x\r\n\r\n") == 505);
  }
  CHECK(MistakeInHead("GET /x http/1.1\r\nHost: x\r\n\r\n") == 400);
}

TEST_CASE("a header is found in a head that is broken", "[unit]") {
  CHECK(FindHeader("GET / HTTP/1.1\r\nOrigin: https://x\r\nX : y\r\n", "Origin") == "https://x");
  CHECK(FindHeader("nonsense\norigin:\thttps://x \n", "Origin") == "https://x");
  CHECK(FindHeader("GET / HTTP/1.1\r\nOrigin: https://x", "Origin").empty());
  CHECK(FindHeader("GET / HTTP/1.1\r\nX-Origin: https://x\r\n", "Origin").empty());
  CHECK(FindHeader("GET / HTTP/1.1\r\nOrigin: a\x01\r\n", "Origin").empty());
  CHECK(FindHeader("", "Origin").empty());
  CHECK(FindHeader("Origin:\r\n", "Origin").empty());
}

TEST_CASE("as many headers as are allowed, and one more", "[unit]") {
  std::string headers = "Host: x\r\n";
  for (size_t i = 1; i < kHeadersMax; ++i) headers += "X: y\r\n";
  CHECK_FALSE(MistakeInHead(Head(headers)).has_value());
  CHECK(MistakeInHead(Head(headers + "X: y\r\n")) == 431);
}

}  // namespace
}  // namespace gatehouse::gateway
