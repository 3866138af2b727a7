#include "services/common/redis/redis.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <mutex>

#include "absl/strings/match.h"
#include "services/common/observe/metrics.h"
#include "services/common/tests/redis_process.h"
#include "tests/support/places.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kSoon = absl::Seconds(10);

bool Shows(const std::string& text) { return absl::StrContains(MetricsText(), text); }

absl::Status Set(Redis& redis, const std::string& key, const std::string& value) {
  return redis.Command({"SET", key, value}).status();
}

TEST_CASE("a Redis that is out of memory is seen to be, while it answers", "[service]") {
  const RedisProcess process;
  Redis redis(process.Url());
  REQUIRE(Within(kSoon, [&] { return Answers(redis); }));
  redis.Probe();
  CHECK(Shows("gatehouse_redis_writable 1"));
  REQUIRE(redis.Command({"CONFIG", "SET", "maxmemory", "1"}).ok());
  redis.Probe();
  CHECK(Answers(redis));
  CHECK(Shows("gatehouse_redis_writable 0"));
  CHECK(absl::IsUnavailable(Set(redis, "a", "b")));
  REQUIRE(redis.Command({"CONFIG", "SET", "maxmemory", "0"}).ok());
  redis.Probe();
  CHECK(Shows("gatehouse_redis_writable 1"));
}

TEST_CASE("the connection to a Redis that became a replica is made anew", "[service]") {
  const RedisProcess process;
  Redis redis(process.Url());
  REQUIRE(Within(kSoon, [&] { return Answers(redis); }));
  const auto connection = [&] { return redis.Command({"CLIENT", "ID"})->integer; };
  const int64_t before = connection();
  CHECK(connection() == before);
  REQUIRE(redis.Command({"REPLICAOF", "127.0.0.1", "1"}).ok());
  CHECK(absl::IsUnavailable(Set(redis, "a", "b")));
  CHECK(connection() != before);
  redis.Probe();
  CHECK(Shows("gatehouse_redis_writable 0"));
  REQUIRE(redis.Command({"REPLICAOF", "NO", "ONE"}).ok());
  CHECK(Set(redis, "a", "b").ok());
}

TEST_CASE("how far the clock of Redis is from ours is measured", "[service]") {
  const RedisProcess process;
  Redis redis(process.Url());
  REQUIRE(Within(kSoon, [&] { return Answers(redis); }));
  redis.Probe();
  CHECK(Shows("gatehouse_clock_offset_seconds{store=\"redis\"}"));
}

TEST_CASE("a Redis that hangs costs seconds once, and then nobody waits for it", "[service]") {
  const RedisProcess process;
  Redis redis(process.Url());
  REQUIRE(Within(kSoon, [&] { return Answers(redis); }));
  process.Signal(SIGSTOP);
  absl::Time begin = absl::Now();
  CHECK(absl::IsUnavailable(Set(redis, "a", "b")));
  CHECK(absl::Now() - begin < absl::Seconds(4));
  CHECK_FALSE(Answers(redis));
  CHECK(Shows("gatehouse_redis_connected 0"));
  begin = absl::Now();
  for (int i = 0; i < 10; ++i) CHECK_FALSE(Set(redis, "a", "b").ok());
  CHECK(absl::Now() - begin < absl::Seconds(1));
  process.Signal(SIGCONT);
  CHECK(Within(kSoon, [&] { return Set(redis, "a", "b").ok(); }));
}

TEST_CASE("a Redis that is gone is seen to be by the first command, and back by itself",
          "[service]") {
  auto process = std::make_unique<RedisProcess>();
  const int port = process->port();
  Redis redis(process->Url());
  CHECK(Within(kSoon, [&] { return Shows("gatehouse_redis_connected 1"); }));
  process.reset();
  CHECK_FALSE(Answers(redis));
  CHECK(Within(kSoon, [&] { return Shows("gatehouse_redis_connected 0"); }));
  process = std::make_unique<RedisProcess>("", false, "port", port);
  CHECK(Within(kSoon, [&] { return Shows("gatehouse_redis_connected 1"); }));
}

// A primary, its replica and a Sentinel that knows both.
struct Failover {
  Failover() {
    Redis redis(replica.Url());
    REQUIRE(Within(kSoon, [&] {
      const auto info = redis.Command({"INFO", "replication"});
      return info.ok() && absl::StrContains(info->string, "master_link_status:up");
    }));
    sentinel = std::make_unique<RedisProcess>(
        absl::StrCat("sentinel monitor main 127.0.0.1 ", primary.port(),
                     " 1\nsentinel down-after-milliseconds main 1000\n"
                     "sentinel failover-timeout main 5000\n"),
        true);
    ask = std::make_unique<Redis>(sentinel->Url());
    REQUIRE(Within(kSoon, [&] {
      const auto replicas = ask->Command({"SENTINEL", "REPLICAS", "main"});
      return replicas.ok() && !replicas->array.empty();
    }));
  }
  // Sentinels know it as a name; the first of them is away.
  Secret Url() const {
    return Secret(
        absl::StrCat("redis+sentinel://127.0.0.1:1,127.0.0.1:", sentinel->port(), "/main/0"));
  }
  int PrimaryPort() {
    const auto named = ask->Command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"});
    return named.ok() && named->array.size() == 2 ? std::atoi(named->array[1].string.c_str()) : 0;
  }

  const RedisProcess primary;
  const RedisProcess replica{absl::StrCat("replicaof 127.0.0.1 ", primary.port(), "\n")};
  std::unique_ptr<RedisProcess> sentinel;
  std::unique_ptr<Redis> ask;
};

TEST_CASE_METHOD(Failover, "Sentinels lead to the primary, also after it changed", "[service]") {
  Redis redis(Url()), old(primary.Url()), fresh(replica.Url());
  std::mutex mutex;
  std::string heard;
  int gaps = 0;
  RedisSubscriber subscriber(Url(), "channel",
                             {[&](const std::string& message) {
                                const std::lock_guard lock(mutex);
                                heard = message;
                              },
                              [&] {
                                const std::lock_guard lock(mutex);
                                ++gaps;
                              },
                              [](absl::Duration) {}});
  REQUIRE(Within(kSoon, [&] { return Set(redis, "before", "1").ok(); }));
  CHECK(old.Command({"GET", "before"})->string == "1");
  CHECK(PrimaryPort() == primary.port());

  REQUIRE(Within(kSoon, [&] { return ask->Command({"SENTINEL", "FAILOVER", "main"}).ok(); }));
  REQUIRE(Within(3 * kSoon, [&] { return PrimaryPort() == replica.port(); }));
  primary.Signal(SIGSTOP);  // As an old primary is that hangs.
  CHECK(Within(3 * kSoon, [&] { return Set(redis, "after", "2").ok(); }));
  // Who becomes a primary ends what was connected to it as a replica.
  CHECK(Within(kSoon, [&] { return Answers(fresh); }));
  CHECK(fresh.Command({"GET", "after"})->string == "2");
  CHECK(fresh.Command({"GET", "before"})->string == "1");
}

TEST_CASE_METHOD(Failover, "a replica that a Sentinel still takes for the primary is not taken",
                 "[service]") {
  Redis redis(Url()), direct(primary.Url());
  REQUIRE(Within(kSoon, [&] { return Answers(redis); }));
  REQUIRE(direct.Command({"REPLICAOF", "127.0.0.1", "1"}).ok());
  CHECK_FALSE(Set(redis, "a", "b").ok());
  CHECK_FALSE(Answers(redis));
}

TEST_CASE("without a Sentinel that knows the name Redis is away", "[service]") {
  const RedisProcess sentinel("", true);
  Redis ask(sentinel.Url());
  REQUIRE(Within(kSoon, [&] { return Answers(ask); }));
  Redis redis(Secret(absl::StrCat("redis+sentinel://127.0.0.1:", sentinel.port(), "/nobody")));
  CHECK(absl::IsUnavailable(redis.Command({"PING"}).status()));
}

// A redis-server that speaks TLS only, by a certificate for localhost and 127.0.0.1.
struct Secured {
  static std::filesystem::path Certificates() {
    const auto root = std::filesystem::temp_directory_path() / NewId("gatehouse-tls");
    const std::string make = absl::StrCat(InSource("tests/support/certificates.sh "), root.string(),
                                          " redis 2>/dev/null");
    REQUIRE(std::system(make.c_str()) == 0);
    return root;
  }
  std::string Lines() const {
    const std::string own = (root / "redis").string();
    return absl::StrCat("port 0\ntls-cert-file ", own, "/tls.crt\ntls-key-file ", own,
                        "/tls.key\ntls-ca-cert-file ", own, "/ca.crt\ntls-auth-clients no\n",
                        "requirepass s3cret\n");
  }
  Secret Url(const std::string& host, const std::string& ca) const {
    return Secret(absl::StrCat("rediss://:s3cret@", host, ":", process.port(), "/0?ca_file=", ca));
  }
  std::string Authorities() const { return (root / "ca.crt").string(); }
  ~Secured() { std::filesystem::remove_all(root); }

  const std::filesystem::path root = Certificates();
  const RedisProcess process{Lines(), false, "tls-port"};
};

TEST_CASE_METHOD(Secured, "a Redis that speaks TLS is spoken to by TLS", "[service]") {
  for (const char* host : {"localhost", "127.0.0.1"}) {
    Redis redis(Url(host, Authorities()));
    REQUIRE(Within(kSoon, [&] { return Answers(redis); }));
    const std::string large(3 << 20, 'x');
    CHECK(Set(redis, "large", large).ok());
    CHECK(redis.Command({"GET", "large"})->string == large);
  }
}

TEST_CASE_METHOD(Secured, "a subscription works by TLS, and sleeps while nothing comes",
                 "[service]") {
  Redis redis(Url("localhost", Authorities()));
  REQUIRE(Within(kSoon, [&] { return Answers(redis); }));
  std::mutex mutex;
  std::vector<std::string> heard;
  int gaps = 0;
  RedisSubscriber subscriber(Url("localhost", Authorities()), "channel",
                             {[&](const std::string& message) {
                                const std::lock_guard lock(mutex);
                                heard.push_back(message);
                              },
                              [&] {
                                const std::lock_guard lock(mutex);
                                ++gaps;
                              },
                              [](absl::Duration) {}});
  REQUIRE(Within(kSoon, [&] { return redis.Command({"PUBLISH", "channel", "1"})->integer == 1; }));
  absl::SleepFor(absl::Seconds(3));  // Longer than a read may take.
  const std::string large(100000, 'y');
  CHECK(redis.Command({"PUBLISH", "channel", large})->integer == 1);
  CHECK(Within(kSoon, [&] {
    const std::lock_guard lock(mutex);
    return !heard.empty() && heard.back() == large;
  }));
  const std::lock_guard lock(mutex);
  CHECK(heard.size() == 2);
  CHECK(gaps == 1);
}

TEST_CASE_METHOD(Secured, "who cannot show a certificate of the right name is not Redis",
                 "[service]") {
  Redis good(Url("localhost", Authorities()));
  REQUIRE(Within(kSoon, [&] { return Answers(good); }));
  Redis other_name(Url("127.0.0.2", Authorities()));
  CHECK(absl::IsUnavailable(other_name.Command({"PING"}).status()));
  Redis other_authority(Url("localhost", "/etc/ssl/certs/ca-certificates.crt"));
  CHECK(absl::IsUnavailable(other_authority.Command({"PING"}).status()));
  Redis no_authority(Url("localhost", "/nowhere"));
  CHECK(absl::IsUnavailable(no_authority.Command({"PING"}).status()));
  Redis plain(Secret(absl::StrCat("redis://:s3cret@localhost:", process.port(), "/0")));
  CHECK_FALSE(Answers(plain));
}

TEST_CASE("a server that is no Redis is away, and so is one with another password", "[service]") {
  const RedisProcess process("requirepass s3cret\n");
  Redis right(Secret(absl::StrCat("redis://:s3cret@127.0.0.1:", process.port())));
  REQUIRE(Within(kSoon, [&] { return Answers(right); }));
  Redis wrong(Secret(absl::StrCat("redis://:other@127.0.0.1:", process.port())));
  CHECK(absl::IsUnavailable(wrong.Command({"PING"}).status()));
  Redis user(Secret(absl::StrCat("redis://default:s3cret@127.0.0.1:", process.port())));
  CHECK(Answers(user));
  Redis database(Secret(absl::StrCat("redis://:s3cret@127.0.0.1:", process.port(), "/99")));
  CHECK(absl::IsUnavailable(database.Command({"PING"}).status()));
}

}  // namespace
}  // namespace gatehouse
