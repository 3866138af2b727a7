#include "services/common/rpc/service_channel.h"

#include <filesystem>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/common/base/random.h"
#include "services/common/observe/metrics.h"
#include "services/common/rpc/client.h"
#include "services/common/rpc/metadata.h"
#include "services/common/rpc/method_rules.h"
#include "services/common/tests/probe_server.h"
#include "services/common/tests/stalling_proxy.h"
#include "tests/support/places.h"

namespace gatehouse {
namespace {

using Probe = pb::Probe_Stub;

// Two replicas, the second of which can be made to hang.
struct Replicas {
  Replicas() {
    sound.Start();
    other.Start();
    before_sound = std::make_unique<StallingProxy>(sound.running->port());
    proxy = std::make_unique<StallingProxy>(other.running->port());
    target = "ipv4:" + before_sound->address() + "," + proxy->address();
    client = std::make_unique<Client>(target, nullptr);
    REQUIRE(Soon([&] {
      REQUIRE(Look().ok());
      return sound.handler.asked > 0 && other.handler.asked > 0;
    }));
  }

  static pb::Part Word() {
    pb::Part part;
    part.set_data("x");
    return part;
  }
  absl::Status Look() const { return client->Call(&Probe::Look, "acme", Word()).status(); }
  absl::Status Tell() const { return client->Call(&Probe::Tell, "acme", Word()).status(); }

  // How many of so many calls in a row took more than a second; `failed` tells of those that were
  // not answered. Not CHECK: several threads call, and Catch2 counts for one.
  int SlowOnes(int calls) {
    int slow = 0;
    for (int i = 0; i < calls; ++i) {
      const absl::Time begin = absl::Now();
      const absl::Status status = Look();
      slow += absl::Now() - begin > absl::Seconds(1) ? 1 : 0;
      if (status.ok()) continue;
      const std::lock_guard lock(mutex);
      absl::StrAppend(&failed, status.ToString(), "\n");
    }
    return slow;
  }

  ProbeServer sound, other;
  std::unique_ptr<StallingProxy> before_sound, proxy;
  std::string target;
  std::unique_ptr<Client> client;
  std::mutex mutex;
  std::string failed;
};

TEST_CASE_METHOD(Replicas, "a replica that hangs is met once, and used again when it goes on",
                 "[service][no-tsan]") {
  proxy->Stop();
  CHECK(SlowOnes(30) <= 1);
  CHECK(SlowOnes(30) == 0);
  CHECK(failed == "");
  CHECK_THAT(MetricsText(), Catch::Contains("gatehouse_peers_ejected_total{target=\"" + target));
  const int asked = other.handler.asked;
  proxy->Continue();
  CHECK(Soon([&] { return Look().ok() && other.handler.asked > asked + 5; }));
}

TEST_CASE_METHOD(Replicas, "what must not be repeated fails once, and the next call does not",
                 "[service][no-tsan]") {
  proxy->Stop();
  int failed = 0;
  for (int i = 0; i < 10; ++i) failed += Tell().ok() ? 0 : 1;
  CHECK(failed <= 1);
}

TEST_CASE_METHOD(Replicas, "what one client finds out, another one of the process does not meet",
                 "[service][no-tsan]") {
  // One that is used seldom, as the gateway's for organisations beside the one for credentials.
  Client seldom(target, nullptr);
  const auto tell = [&] { return seldom.Call(&Probe::Tell, "acme", Word()).status(); };
  for (int i = 0; i < 4; ++i) REQUIRE(tell().ok());
  proxy->Stop();
  CHECK(SlowOnes(10) <= 1);
  // Until the new connection has been made.
  REQUIRE(Soon([&] { return SlowOnes(10) == 0; }));
  absl::SleepFor(absl::Milliseconds(300));
  for (int i = 0; i < 6; ++i) CHECK(tell().ok());
  CHECK(failed == "");
}

TEST_CASE_METHOD(Replicas, "only what was under way meets a replica that hangs",
                 "[service][no-tsan]") {
  proxy->Stop();
  std::atomic<int> slow = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { slow += SlowOnes(20); });
  for (std::thread& thread : threads) thread.join();
  CHECK(slow <= 8);  // One of each thread.
  CHECK(failed == "");
}

TEST_CASE_METHOD(Replicas,
                 "where all replicas hang, a call ends in time, and later ones are served",
                 "[service][no-tsan]") {
  proxy->Stop();
  before_sound->Stop();
  const absl::Time begin = absl::Now();
  const absl::Status status = Look();
  CHECK((absl::IsDeadlineExceeded(status) || absl::IsUnavailable(status)));
  CHECK(absl::Now() - begin < absl::Seconds(6));
  proxy->Continue();
  before_sound->Continue();
  CHECK(Soon([&] { return Look().ok(); }));
}

TEST_CASE_METHOD(Replicas, "a slow call ejects nobody who answers the next one in time",
                 "[service][no-tsan]") {
  pb::Part part;
  part.set_data("1800");  // Milliseconds; more than one attempt's patience.
  (void)client->Call(&Probe::Look, "acme", part);
  const int asked = sound.handler.asked + other.handler.asked;
  CHECK(SlowOnes(20) == 0);
  CHECK(failed == "");
  CHECK(sound.handler.asked + other.handler.asked == asked + 20);
}

TEST_CASE("a call may be repeated that says so, or whose request has an id", "[unit]") {
  const MethodRules& look = *FindMethodRules("gatehouse.probe.v1.Probe/Look");
  const MethodRules& tell = *FindMethodRules("gatehouse.probe.v1.Probe/Tell");
  CHECK(MayRepeat(look, pb::Part()));
  CHECK_FALSE(MayRepeat(tell, pb::Part()));
  const MethodRules& named = *FindMethodRules("gatehouse.probe.v1.Probe/Name");
  pb::Named request;
  CHECK_FALSE(MayRepeat(named, request));
  request.set_request_id("a");
  CHECK(MayRepeat(named, request));
}

TEST_CASE("a deadline travels as a point in time", "[unit]") {
  const absl::Time deadline = absl::FromUnixMillis(1790000000123);
  grpc::ClientContext context;
  AddDeadline(context, deadline);
  CHECK(context.deadline() == absl::ToChronoTime(deadline));
  CHECK(ParseDeadline("1790000000123") == deadline);
  for (const char* text : {"", "x", "1790000000123x", "99999999999999999999"}) {
    CHECK(ParseDeadline(text) == absl::InfiniteFuture());
  }
}

TEST_CASE("a list of addresses has the name that its certificates must show",
          "[service][no-tsan]") {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / NewId("gatehouse-tls");
  std::filesystem::current_path(InSource(""));
  const std::string make = "tests/support/certificates.sh " + root.string() + " cases invitation";
  REQUIRE(std::system(make.c_str()) == 0);
  const auto tls_of = [&](const char* name) {
    return std::make_unique<Tls>(Tls{(root / name).string()});
  };
  ProbeServer first, second;
  first.Start({}, tls_of("cases"));
  second.Start({}, tls_of("cases"));
  const auto at = [](const ProbeServer& server) {
    return "127.0.0.1:" + std::to_string(server.running->port());
  };
  const std::string list = "ipv4:" + at(first) + "," + at(second);
  Client named("cases@" + list, tls_of("invitation"));
  CHECK(Soon([&] {
    CHECK(named.Call(&Probe::Look, "acme", Replicas::Word()).ok());
    return first.handler.asked > 0 && second.handler.asked > 0;
  }));
  // By the name of another service nobody is found there.
  Client misled("documents@" + list, tls_of("invitation"));
  CHECK(absl::IsUnavailable(misled.Call(&Probe::Look, "acme", Replicas::Word()).status()));
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace gatehouse
