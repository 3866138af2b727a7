#include "services/common/redis/redis_address.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "tests/support/settings.h"

namespace gatehouse {
namespace {

RedisAddress Parsed(const std::string& url) {
  const auto address = RedisAddress::Parse(url);
  INFO(url);
  REQUIRE(address.ok());
  return *address;
}

TEST_CASE("a Redis is one host, with or without a password and a database", "[unit]") {
  const RedisAddress plain = Parsed("redis://cache");
  REQUIRE(plain.hosts.size() == 1);
  CHECK(plain.hosts[0].name == "cache");
  CHECK(plain.hosts[0].port == 6379);
  CHECK_FALSE(plain.tls);
  CHECK(plain.primary.empty());
  CHECK(plain.password.empty());
  CHECK(plain.database.empty());
  const RedisAddress full = Parsed("redis://ada:s3cret,x@10.0.0.1:7000/12");
  CHECK(full.hosts[0].name == "10.0.0.1");
  CHECK(full.hosts[0].port == 7000);
  CHECK(full.user == "ada");
  CHECK(full.password == "s3cret,x");
  CHECK(full.database == "12");
  CHECK(Parsed("redis://:only@cache/0").password == "only");
  CHECK(Parsed("redis://:only@cache/0").user.empty());
  CHECK(Parsed("redis://[::1]:7000/").hosts[0].name == "::1");
  CHECK(Parsed("redis://[::1]:7000/").hosts[0].port == 7000);
}

TEST_CASE("a Redis may speak TLS, by authorities of its own", "[unit]") {
  const RedisAddress managed = Parsed("rediss://:pw@cache.example:6380/1");
  CHECK(managed.tls);
  CHECK(managed.ca_file.empty());
  CHECK(managed.database == "1");
  const RedisAddress own = Parsed("rediss://cache/1?ca_file=/etc/gatehouse/redis/ca.crt");
  CHECK(own.ca_file == "/etc/gatehouse/redis/ca.crt");
  CHECK(own.hosts[0].name == "cache");
  CHECK(own.database == "1");
}

TEST_CASE("Sentinels are several, and know the primary by a name", "[unit]") {
  const RedisAddress address = Parsed("redis+sentinel://:pw@a:1001,b,[::1]:1003/main/2");
  REQUIRE(address.hosts.size() == 3);
  CHECK(address.hosts[0].port == 1001);
  CHECK(address.hosts[1].name == "b");
  CHECK(address.hosts[1].port == 26379);
  CHECK(address.hosts[2].name == "::1");
  CHECK(address.primary == "main");
  CHECK(address.database == "2");
  CHECK(address.password == "pw");
  CHECK(Parsed("rediss+sentinel://a/main").tls);
  CHECK(Parsed("rediss+sentinel://a/main").database.empty());
}

TEST_CASE("a Redis may lie behind a socket of this machine", "[unit]") {
  CHECK(Parsed("unix:///run/redis.sock").path == "/run/redis.sock");
  CHECK(Parsed("unix:///run/redis.sock").hosts.empty());
  CHECK(Parsed("unix://:pw@/run/redis.sock").password == "pw");
}

TEST_CASE("what is no address of a Redis is refused, and not repeated", "[unit]") {
  for (const char* url : {"",
                          "redis",
                          "redis:",
                          "redis://",
                          "http://cache",
                          "redis:///0",
                          "redis://a,b/0",
                          "redis://cache:x",
                          "redis://cache:0",
                          "redis://cache:65536",
                          "redis://cache:1234567",
                          "redis://cache/name",
                          "redis://cache/1/2",
                          "redis+sentinel://a:1",
                          "redis+sentinel://a:1/",
                          "redis+sentinel://a,/main",
                          "redis+sentinel://a/main/x",
                          "redis+sentinel://a/main/1/2",
                          "redis://cache?ca_file=",
                          "redis://cache?other=1",
                          "redis://cache/0?ca_file=a&b=c",
                          "redis://[::1",
                          "redis://a@b@c",
                          "unix://run/redis.sock"}) {
    INFO(url);
    const auto address = RedisAddress::Parse(url);
    CHECK(absl::IsInvalidArgument(address.status()));
    CHECK_FALSE(absl::StrContains(address.status().ToString(), "cache"));
  }
  std::string many = "redis+sentinel://a";
  for (int i = 0; i < 16; ++i) many += ",a";
  CHECK_FALSE(RedisAddress::Parse(many + "/main").ok());
}

TEST_CASE("a process that is given no address of a Redis says so when it starts", "[unit]") {
  const auto mistakes = [](const char* url) {
    const std::map<std::string, std::string> settings = {{"GATEHOUSE_REDIS_URL", url}};
    const OnlySettings only(settings);
    Environment environment;
    (void)ReadRedisUrl(environment);
    return std::string(environment.Status().message());
  };
  CHECK(mistakes("redis://cache").empty());
  CHECK(absl::StrContains(mistakes("redis://:s3cret@"), "GATEHOUSE_REDIS_URL"));
  CHECK_FALSE(absl::StrContains(mistakes("redis://:s3cret@"), "s3cret"));
}

}  // namespace
}  // namespace gatehouse
