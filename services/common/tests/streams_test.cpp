#include "services/common/rpc/streams.h"

#include <catch2/catch.hpp>
#include <thread>

#include "absl/time/clock.h"
#include "services/common/base/status.h"
#include "services/common/rpc/pace.h"

namespace gatehouse {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

TEST_CASE("a peer may be slower than the least rate for a grace, and no longer", "[unit]") {
  Pace pace(1000, absl::Seconds(30));
  CHECK(pace.End() == absl::InfiniteFuture());  // Nobody waits yet.
  pace.Wait(kStart, 0);
  CHECK(pace.End() == kStart + absl::Seconds(30));

  SECTION("what comes allows the time that the rate takes for it") {
    pace.Moved(kStart + absl::Seconds(20), 5000);
    CHECK(pace.End() == absl::InfiniteFuture());
    pace.Wait(kStart + absl::Seconds(60), 0);
    CHECK(pace.End() == kStart + absl::Seconds(60 + 15));
  }
  SECTION("a fast beginning saves nothing up") {
    pace.Moved(kStart + absl::Seconds(1), 1 << 30);
    pace.Wait(kStart + absl::Seconds(1), 0);
    CHECK(pace.End() == kStart + absl::Seconds(31));
  }
  SECTION("who keeps to the rate is never too slow") {
    absl::Time now = kStart;
    for (int i = 0; i < 1000; ++i) {
      pace.Wait(now, 0);
      now += absl::Seconds(1);
      CHECK(pace.End() > now);
      pace.Moved(now, 1000);
    }
  }
  SECTION("who sends a little less than that is, in the end") {
    absl::Time now = kStart;
    int rounds = 0;
    for (; pace.End() > now + absl::Seconds(1) && rounds < 1000; ++rounds) {
      now += absl::Seconds(1);
      pace.Moved(now, 500);
      pace.Wait(now, 0);
    }
    CHECK(rounds == 58);  // Half a second is lost in each: the grace lasts a minute.
  }
  SECTION("a message that is to leave has the time that it takes") {
    pace.Wait(kStart, 100'000);
    CHECK(pace.End() == kStart + absl::Seconds(130));
    pace.Moved(kStart + absl::Seconds(1), 0);
    pace.Wait(kStart + absl::Seconds(1), 0);
    CHECK(pace.End() > kStart + absl::Seconds(20));
  }
}

TEST_CASE("without a least rate nobody is too slow", "[unit]") {
  Pace pace(0, absl::Seconds(30));
  pace.Wait(kStart, 1000);
  CHECK(pace.End() == absl::InfiniteFuture());
  pace.Moved(kStart + absl::Hours(1), 1);
  CHECK(pace.End() == absl::InfiniteFuture());
}

struct Member : Streams::Member {
  void Look(absl::Time now) override { looked = now; }
  void End(const absl::Status& status) override { ended = status; }
  void Drain() override { drained = true; }
  absl::Time looked;
  absl::Status ended;
  bool drained = false;
};

Call CallOf(const std::string& credential, const std::string& address = "",
            const std::string& parent = "") {
  Call call;
  call.caller.credential_id = credential;
  if (!parent.empty()) call.caller.ancestors = {"first", parent};
  call.client_address = address;
  return call;
}

TEST_CASE("a server has so many streams at once, and says so by name", "[unit]") {
  Streams streams({.streams_max = 2});
  Member a, b, c;
  CHECK(streams.Join(a).ok());
  CHECK(streams.Join(b).ok());
  const absl::Status refused = streams.Join(c);
  CHECK(ReasonOf(refused) == "TOO_MANY_STREAMS");
  CHECK(FactsOf(refused)["limit"] == "server");
  streams.Leave(c);  // It never joined.
  streams.Leave(a);
  CHECK(streams.Join(c).ok());
}

TEST_CASE("the IPv6 addresses of one /64 share what an address may have", "[unit]") {
  Streams streams({.per_address_max = 1});
  Member a, b, c;
  const Call first = CallOf("ada", "2001:db8:1:2::1"), neighbour = CallOf("bob", "2001:db8:1:2::2"),
             other = CallOf("carol", "2001:db8:1:3::1");
  for (Member* member : {&a, &b, &c}) REQUIRE(streams.Join(*member).ok());
  CHECK(streams.Claim(a, first).ok());
  CHECK(FactsOf(streams.Claim(b, neighbour))["limit"] == "address");
  CHECK(streams.Claim(c, other).ok());
}

TEST_CASE("a credential has its share of them, and an address", "[unit]") {
  Streams streams({.per_credential_max = 1, .per_address_max = 2});
  Member a, b, c, d;
  const Call first = CallOf("ada", "192.0.2.1"), second = CallOf("bob", "192.0.2.1"),
             third = CallOf("carol", "192.0.2.1"), other = CallOf("ada", "192.0.2.2");
  for (Member* member : {&a, &b, &c, &d}) REQUIRE(streams.Join(*member).ok());
  CHECK(streams.Claim(a, first).ok());
  CHECK(FactsOf(streams.Claim(d, other))["limit"] == "credential");
  CHECK(streams.Claim(b, second).ok());
  CHECK(FactsOf(streams.Claim(c, third))["limit"] == "address");

  SECTION("whoever goes gives both back") {
    streams.Leave(a);
    CHECK(streams.Claim(c, third).ok());
    CHECK(streams.Claim(d, other).ok());
  }
  SECTION("who was refused holds nothing") {
    streams.Leave(c);
    streams.Leave(d);
    streams.Leave(a);
    REQUIRE(streams.Join(a).ok());
    CHECK(streams.Claim(a, first).ok());
  }
  SECTION("what has no credential or no address shares none") {
    Member e, f;
    const Call nobody = CallOf("", "");
    for (Member* member : {&e, &f}) {
      REQUIRE(streams.Join(*member).ok());
      CHECK(streams.Claim(*member, nobody).ok());
    }
  }
}

TEST_CASE("a revocation ends the streams of its credential, of its children, and no others",
          "[unit]") {
  Streams streams({});
  Member own, child, other, unknown, nobody;
  const Call of_own = CallOf("key"), of_child = CallOf("token", "", "key"),
             of_other = CallOf("other"), of_nobody = CallOf("");
  for (Member* member : {&own, &child, &other, &unknown, &nobody}) {
    REQUIRE(streams.Join(*member).ok());
  }
  REQUIRE(streams.Claim(own, of_own).ok());
  REQUIRE(streams.Claim(child, of_child).ok());
  REQUIRE(streams.Claim(other, of_other).ok());
  REQUIRE(streams.Claim(nobody, of_nobody).ok());
  streams.Revoke({"key", ""}, absl::ZeroDuration());
  CHECK(ReasonOf(own.ended) == "CREDENTIAL_INVALID");
  CHECK(ReasonOf(child.ended) == "CREDENTIAL_INVALID");
  CHECK(other.ended.ok());
  CHECK(unknown.ended.ok());
  CHECK(nobody.ended.ok());
  CHECK_FALSE(streams.MayCommit(own));
  CHECK_FALSE(streams.MayCommit(child));
  CHECK(streams.MayCommit(other));
}

TEST_CASE("a revocation waits for what is being committed, and not for others", "[unit]") {
  Streams streams({});
  Member member, other;
  const Call call = CallOf("key"), of_other = CallOf("other");
  REQUIRE(streams.Join(member).ok());
  REQUIRE(streams.Claim(member, call).ok());
  REQUIRE(streams.Join(other).ok());
  REQUIRE(streams.Claim(other, of_other).ok());
  REQUIRE(streams.MayCommit(member));
  REQUIRE(streams.MayCommit(other));
  absl::Time committed;
  std::thread worker([&] {
    absl::SleepFor(absl::Milliseconds(50));
    committed = absl::Now();
    streams.Committed(member);
  });
  streams.Revoke({"key"}, absl::Seconds(10));
  CHECK(absl::Now() >= committed);
  worker.join();
  CHECK_FALSE(streams.MayCommit(member));
}

TEST_CASE("a revocation does not wait longer than it is told", "[unit]") {
  Streams streams({});
  Member member;
  const Call call = CallOf("key");
  REQUIRE(streams.Join(member).ok());
  REQUIRE(streams.Claim(member, call).ok());
  REQUIRE(streams.MayCommit(member));
  const absl::Time begin = absl::Now();
  streams.Revoke({"key"}, absl::Milliseconds(20));
  CHECK(absl::Now() - begin < absl::Seconds(5));
}

TEST_CASE("all that have joined are looked after until they leave", "[unit]") {
  Streams streams({});
  Member a, b;
  REQUIRE(streams.Join(a).ok());
  REQUIRE(streams.Join(b).ok());
  streams.Leave(b);
  streams.Look(kStart);
  CHECK(a.looked == kStart);
  CHECK(b.looked != kStart);
}

TEST_CASE("once a server goes, those that wait are ended at each look", "[unit]") {
  Streams streams({});
  Member early, late;
  REQUIRE(streams.Join(early).ok());
  streams.Look(kStart);
  CHECK_FALSE(early.drained);
  streams.Drain();
  REQUIRE(streams.Join(late).ok());
  streams.Look(kStart);
  CHECK(early.drained);
  CHECK(late.drained);
}

TEST_CASE("streams come, go and are revoked from many threads", "[unit]") {
  Streams streams({.per_credential_max = 2});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const Call call = CallOf("key" + std::to_string(i % 2), "192.0.2.1");
      for (int round = 0; round < 500; ++round) {
        Member member;
        if (!streams.Join(member).ok()) continue;
        if (streams.Claim(member, call).ok() && streams.MayCommit(member)) {
          streams.Committed(member);
        }
        streams.Leave(member);
      }
    });
  }
  for (int round = 0; round < 200; ++round) {
    streams.Revoke({"key0"}, absl::Milliseconds(1));
    streams.Look(absl::Now());
  }
  for (std::thread& thread : threads) thread.join();
  Member last;
  const Call call = CallOf("key0", "192.0.2.1");
  REQUIRE(streams.Join(last).ok());
  CHECK(streams.Claim(last, call).ok());  // Nothing is left of the others.
  CHECK(streams.MayCommit(last));
}

}  // namespace
}  // namespace gatehouse
