#include "services/gateway/http/forwarded.h"

#include <catch2/catch.hpp>

namespace gatehouse::gateway {
namespace {

Networks Proxies() {
  Networks proxies;
  for (const char* block : {"127.0.0.1", "10.0.0.0/8", "fd00::/8"}) REQUIRE(proxies.Add(block));
  return proxies;
}

std::string AddressBehind(const std::string& x_forwarded_for,
                          const std::string& peer = "127.0.0.1") {
  return ClientBehind(peer, {x_forwarded_for, "", ""}, Proxies()).address;
}

TEST_CASE("an address is read without its port", "[unit]") {
  for (const auto& [node, address] :
       std::vector<std::pair<std::string, std::string>>{{"1.2.3.4", "1.2.3.4"},
                                                        {"1.2.3.4:51008", "1.2.3.4"},
                                                        {"[2001:db8::1]:4711", "2001:db8::1"},
                                                        {"[2001:db8::1]", "2001:db8::1"},
                                                        {"2001:db8::1", "2001:db8::1"},
                                                        {"2001:0DB8:0:0::1", "2001:db8::1"},
                                                        {"::ffff:1.2.3.4", "1.2.3.4"},
                                                        {"[::ffff:1.2.3.4]:80", "1.2.3.4"},
                                                        {"1.2.3.4:_port", "1.2.3.4"}}) {
    CAPTURE(node);
    CHECK(AddressOfNode(node) == address);
  }
  for (const char* node : {"",
                           "unknown",
                           "_hidden",
                           "1.2.3",
                           "1.2.3.4.5",
                           "256.1.1.1",
                           "1.2.3.4:",
                           "1.2.3.4:a b",
                           "1.2.3.4:1234567",
                           "[1.2.3.4]:80",
                           "[2001:db8::1",
                           "[2001:db8::1]4711",
                           "2001:db8::zz",
                           "fe80::1%eth0",
                           "example.com",
                           "1.2.3.4 ",
                           "0x7f.1",
                           "127.1",
                           "' OR 1=1",
                           "::1:::"}) {
    CAPTURE(node);
    CHECK_FALSE(AddressOfNode(node).has_value());
  }
}

TEST_CASE("the client is the last one that is no proxy of ours", "[unit]") {
  CHECK(AddressBehind("") == "127.0.0.1");
  CHECK(AddressBehind("1.2.3.4") == "1.2.3.4");
  CHECK(AddressBehind("9.9.9.9, 1.2.3.4") == "1.2.3.4");
  CHECK(AddressBehind("9.9.9.9, 1.2.3.4, 10.1.2.3") == "1.2.3.4");
  CHECK(AddressBehind("9.9.9.9,1.2.3.4:51008,[fd00::7]:4711") == "1.2.3.4");
  CHECK(AddressBehind("10.0.0.1, 10.0.0.2") == "10.0.0.1");
  CHECK(AddressBehind(" , 1.2.3.4 , ,") == "1.2.3.4");
  // From who is no proxy of ours, nothing is believed.
  CHECK(AddressBehind("1.2.3.4", "192.0.2.1") == "192.0.2.1");
  CHECK_FALSE(ClientBehind("192.0.2.1", {"", "https", ""}, Proxies()).secure);
}

TEST_CASE("what is no address is not believed, nor what stands before it", "[unit]") {
  for (const char* nonsense : {"unknown", "_hidden", "evil.example", "1.2.3", "<script>", "'"}) {
    CAPTURE(nonsense);
    CHECK(AddressBehind(nonsense) == "127.0.0.1");
    CHECK(AddressBehind(std::string("1.2.3.4, ") + nonsense) == "127.0.0.1");
    CHECK(AddressBehind(std::string("1.2.3.4, ") + nonsense + ", 10.0.0.5") == "10.0.0.5");
    CHECK(AddressBehind(std::string(nonsense) + ", 1.2.3.4") == "1.2.3.4");
  }
}

TEST_CASE("the protocol is what the proxy saw that saw the client", "[unit]") {
  const auto secure = [](const std::string& nodes, const std::string& protocols) {
    return ClientBehind("127.0.0.1", {nodes, protocols, ""}, Proxies()).secure;
  };
  CHECK(secure("1.2.3.4", "https"));
  CHECK(secure("1.2.3.4", "HTTPS"));
  CHECK_FALSE(secure("1.2.3.4", "http"));
  CHECK_FALSE(secure("1.2.3.4", ""));
  // The client made the first one up.
  CHECK_FALSE(secure("1.2.3.4", "https,http"));
  CHECK(secure("1.2.3.4", "http,https"));
  // The first proxy saw the client come by HTTPS, and passed it on by HTTP.
  CHECK(secure("1.2.3.4, 10.0.0.1", "https,http"));
  CHECK_FALSE(secure("1.2.3.4, 10.0.0.1", "http,https"));
  CHECK_FALSE(secure("1.2.3.4, 10.0.0.1", "https,http,http"));
  // One for all.
  CHECK(secure("1.2.3.4, 10.0.0.1", "https"));
  CHECK(secure("", "https"));
  CHECK_FALSE(secure("", "https, http"));
}

TEST_CASE("Forwarded is read as RFC 7239 has it", "[unit]") {
  const auto behind = [](const std::string& forwarded, const std::string& x_forwarded_for = "") {
    return ClientBehind("127.0.0.1", {x_forwarded_for, "", forwarded}, Proxies());
  };
  CHECK(behind("for=1.2.3.4").address == "1.2.3.4");
  CHECK(behind("For=\"[2001:db8:cafe::17]:4711\"").address == "2001:db8:cafe::17");
  CHECK(behind("for=192.0.2.60;proto=https;by=203.0.113.43").address == "192.0.2.60");
  CHECK(behind("for=192.0.2.60;proto=https;by=203.0.113.43").secure);
  CHECK(behind("proto=https ; for=192.0.2.60").secure);
  CHECK(behind("for=9.9.9.9, for=1.2.3.4;proto=https, for=10.0.0.1;proto=http").address ==
        "1.2.3.4");
  CHECK(behind("for=9.9.9.9, for=1.2.3.4;proto=https, for=10.0.0.1;proto=http").secure);
  // A comma and a semicolon within quotes end nothing.
  CHECK(behind("for=\"1.2.3.4\";ext=\"a,b;c\\\"d\", for=10.0.0.1").address == "1.2.3.4");
  for (const char* other : {"for=unknown", "for=_hidden", "for=", "for", "=", ";", "for=\"1.2.3.4",
                            "for=1.2.3.4 for=5.6.7.8", "for=1.2.3.4;", "for:1.2.3.4", ","}) {
    CAPTURE(other);
    CHECK(behind(other).address == "127.0.0.1");
  }
}

TEST_CASE("by the header that its proxy does not write, a client chooses no address", "[unit]") {
  const auto behind = [](const std::string& x_forwarded_for, const std::string& forwarded,
                         const std::string& protocols = "") {
    return ClientBehind("127.0.0.1", {x_forwarded_for, protocols, forwarded}, Proxies());
  };
  // The proxy wrote one of them, from 1.2.3.4; the client wrote the other.
  for (const char* own :
       {"9.9.9.9", "5.5.5.5, 9.9.9.9", "[2001:db8::1]:1", "10.0.0.9", "unknown", "'", " , "}) {
    CAPTURE(own);
    const std::string element = std::string("for=\"") + own + "\"";
    CHECK(behind("1.2.3.4", element).address == "127.0.0.1");
    CHECK(behind(own, "for=1.2.3.4").address == "127.0.0.1");
    CHECK(behind("8.8.8.8, 1.2.3.4", "for=8.8.8.8, " + element).address == "127.0.0.1");
  }
  CHECK(behind("1.2.3.4", "nonsense").address == "127.0.0.1");
  // Who is named by both is believed, whatever stands before it.
  CHECK(behind("1.2.3.4", "for=\"1.2.3.4:4711\"").address == "1.2.3.4");
  CHECK(behind("9.9.9.9, 1.2.3.4, 10.0.0.1", "for=8.8.8.8, for=1.2.3.4").address == "1.2.3.4");
  // It came by HTTPS if the proxy says so in the header that it writes.
  CHECK(behind("1.2.3.4", "for=9.9.9.9;proto=http", "https").secure);
  CHECK(behind("9.9.9.9", "for=1.2.3.4;proto=https").secure);
  CHECK_FALSE(behind("1.2.3.4", "for=1.2.3.4;proto=http", "http").secure);
  // From who is no proxy of ours, neither is.
  CHECK(ClientBehind("192.0.2.1", {"1.2.3.4", "", "for=1.2.3.4"}, Proxies()).address ==
        "192.0.2.1");
}

}  // namespace
}  // namespace gatehouse::gateway
