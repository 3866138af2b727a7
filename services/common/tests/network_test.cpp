#include "services/common/text/network.h"

#include <catch2/catch.hpp>

namespace gatehouse {
namespace {

TEST_CASE("an IPv6 address counts with all of its /64, any other by itself", "[unit]") {
  CHECK(NetworkOf("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  CHECK(NetworkOf("2001:DB8:1:2::") == "2001:db8:1:2::/64");
  CHECK(NetworkOf("2001:db8:1:3::6") == "2001:db8:1:3::/64");
  CHECK(NetworkOf("2001:db8:1:2::9") == NetworkOf("2001:db8:1:2:3:4:5:6"));
  CHECK(NetworkOf("2001:db8:1:3::9") != NetworkOf("2001:db8:1:2::9"));
  CHECK(NetworkOf("::1") == "::/64");
  CHECK(NetworkOf("192.0.2.7") == "192.0.2.7");
  // One client, whatever the socket that it came by.
  CHECK(NetworkOf("::ffff:192.0.2.7") == "192.0.2.7");
  for (const char* other : {"", "unknown", "192.0.2.7:443", "[::1]", "fe80::1%eth0", "::1/64"}) {
    CHECK(NetworkOf(other) == other);
  }
}

}  // namespace
}  // namespace gatehouse
