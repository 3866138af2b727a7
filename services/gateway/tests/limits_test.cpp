#include <catch2/catch.hpp>
#include <thread>

#include "absl/time/clock.h"
#include "services/gateway/http/connection_table.h"
#include "services/gateway/http/in_flight.h"
#include "services/gateway/http/strangers.h"

namespace gatehouse::gateway {
namespace {

// Connections by the order in which they came, and which of them were told to go.
struct Connections {
  explicit Connections(ConnectionTable::Limits limits) : table(std::move(limits)) {}
  bool Enter(const std::string& address) {
    const int number = static_cast<int>(entries.size());
    entries.push_back(table.Enter(address, [this, number] { gone.push_back(number); }));
    return entries.back() != nullptr;
  }
  ConnectionTable table;
  std::vector<std::shared_ptr<ConnectionTable::Entry>> entries;
  std::vector<int> gone;
};

TEST_CASE("the connection that has waited longest makes room for one more", "[unit]") {
  Connections all({.all = 3, .per_address = 3});
  for (int i = 0; i < 3; ++i) CHECK(all.Enter("192.0.2." + std::to_string(i)));
  all.entries[0]->Work();
  all.entries[0]->Wait();
  CHECK(all.Enter("192.0.2.9"));
  CHECK(all.gone == std::vector<int>{1});
  CHECK(all.table.open() == 3);
  // One that was told to go has no place any more, and takes none with it when it has gone.
  all.table.Leave(all.entries[1]);
  CHECK(all.table.open() == 3);
  all.table.Leave(all.entries[2]);
  CHECK(all.table.open() == 2);
}

TEST_CASE("a request under way is never cut off for a newcomer", "[unit]") {
  Connections all({.all = 2, .per_address = 2});
  CHECK(all.Enter("192.0.2.1"));
  CHECK(all.Enter("192.0.2.2"));
  for (const auto& entry : all.entries) entry->Work();
  CHECK_FALSE(all.Enter("192.0.2.3"));
  CHECK(all.gone.empty());
  all.entries[1]->Wait();
  CHECK(all.Enter("192.0.2.3"));
  CHECK(all.gone == std::vector<int>{1});
}

TEST_CASE("connections of who is signed in go last", "[unit]") {
  Connections all({.all = 3, .per_address = 3});
  for (int i = 0; i < 3; ++i) CHECK(all.Enter("192.0.2." + std::to_string(i)));
  all.entries[0]->SignIn();
  all.entries[1]->SignIn();
  CHECK(all.Enter("192.0.2.9"));
  CHECK(all.gone == std::vector<int>{2});
  all.entries[3]->Work();
  CHECK(all.Enter("192.0.2.9"));
  CHECK(all.gone == std::vector<int>{2, 0});
}

TEST_CASE("one address has its share, and takes no other's place with it", "[unit]") {
  Connections all({.all = 10, .per_address = 3});
  CHECK(all.Enter("192.0.2.1"));
  for (int i = 0; i < 20; ++i) CHECK(all.Enter("2001:db8::" + std::to_string(i)));
  CHECK(all.table.open() == 4);
  CHECK(all.gone.size() == 17);
  CHECK(std::find(all.gone.begin(), all.gone.end(), 0) == all.gone.end());
  for (const auto& entry : all.entries) entry->Work();
  CHECK_FALSE(all.Enter("2001:db8::99"));
  CHECK(all.Enter("2001:db8:0:1::99"));
}

TEST_CASE("a proxy stands for many, and has no share", "[unit]") {
  Connections all({.all = 10, .per_address = 2, .is_proxy = [](const std::string& address) {
                     return address == "10.0.0.1";
                   }});
  for (int i = 0; i < 10; ++i) CHECK(all.Enter("10.0.0.1"));
  CHECK(all.gone.empty());
  CHECK(all.Enter("10.0.0.1"));
  CHECK(all.gone == std::vector<int>{0});
}

TEST_CASE("a proxy's connection goes after everybody else's", "[unit]") {
  Connections all({.all = 3, .per_address = 3, .is_proxy = [](const std::string& address) {
                     return address == "10.0.0.1";
                   }});
  CHECK(all.Enter("10.0.0.1"));
  CHECK(all.Enter("192.0.2.1"));
  CHECK(all.Enter("192.0.2.2"));
  all.entries[2]->SignIn();
  CHECK(all.Enter("10.0.0.1"));
  CHECK(all.Enter("10.0.0.1"));
  CHECK(all.gone == std::vector<int>{1, 2});
  CHECK(all.Enter("192.0.2.3"));
  CHECK(all.gone == std::vector<int>{1, 2, 0});
}

TEST_CASE("connections come and go on many threads", "[unit]") {
  ConnectionTable table({.all = 8, .per_address = 3});
  std::atomic<int> closed = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      std::vector<std::shared_ptr<ConnectionTable::Entry>> mine;
      for (int i = 0; i < 500; ++i) {
        auto entry = table.Enter("192.0.2." + std::to_string((t + i) % 5), [&] { ++closed; });
        if (entry == nullptr) {
          ++refused;
          continue;
        }
        entry->Work();
        if (i % 2 == 0) entry->SignIn();
        if (i % 3 != 0) entry->Wait();
        mine.push_back(std::move(entry));
        if (mine.size() > 10) {
          table.Leave(mine.front());
          mine.erase(mine.begin());
        }
      }
      for (const auto& entry : mine) table.Leave(entry);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(table.open() == 0);
  CHECK(closed > 0);
}

TEST_CASE("a caller has its share of the requests under way", "[unit]") {
  InFlight all({.requests = 8, .requests_per_caller = 3});
  std::vector<std::unique_ptr<InFlight::Place>> places;
  const auto enter = [&](const std::string& address) {
    places.push_back(std::make_unique<InFlight::Place>(all, address));
    return places.back()->ok();
  };
  for (int i = 0; i < 3; ++i) CHECK(enter("a"));
  CHECK_FALSE(enter("a"));
  CHECK(enter("b"));
  CHECK(all.requests() == 4);
  places.erase(places.begin());
  CHECK(enter("a"));
  places.clear();
  CHECK(all.requests() == 0);
  CHECK(enter("a"));
}

TEST_CASE("a credential has its share, wherever it comes from", "[unit]") {
  InFlight all({.requests = 8, .requests_per_caller = 2});
  InFlight::Place one(all, "a"), two(all, "b"), three(all, "c");
  CHECK(one.Identify("key"));
  CHECK(two.Identify("key"));
  CHECK_FALSE(three.Identify("key"));
  CHECK(three.Identify("other"));
}

TEST_CASE("the last quarter is for who is known", "[unit]") {
  InFlight all({.requests = 8, .requests_per_caller = 8});
  std::vector<std::unique_ptr<InFlight::Place>> places;
  for (int i = 0; i < 8; ++i) {
    places.push_back(std::make_unique<InFlight::Place>(all, "a"));
    REQUIRE(places.back()->ok());
    CHECK(places.back()->Identify("") == (i < 6));
  }
  CHECK(places.back()->Identify("key"));
  CHECK_FALSE(InFlight::Place(all, "b").ok());
  CHECK(all.requests() == 8);
}

TEST_CASE("the bytes that requests hold are bounded, for one caller and for all", "[unit]") {
  InFlight all({.bytes = 100, .bytes_per_caller = 60});
  InFlight::Place one(all, "a"), two(all, "a"), three(all, "b");
  CHECK(one.Hold(40));
  CHECK_FALSE(two.Hold(30));
  CHECK(two.Hold(20));
  CHECK(three.Hold(40));
  CHECK_FALSE(three.Hold(50));
  CHECK(all.bytes() == 100);
  // Less is always allowed, and makes room.
  CHECK(one.Hold(10));
  CHECK(three.Hold(60));
  CHECK_FALSE(three.Hold(61));
  {
    InFlight::Place four(all, "c");
    CHECK(four.Hold(10));
  }
  CHECK(all.bytes() == 90);
  // What a credential's requests hold already counts for it.
  InFlight::Place five(all, "d");
  CHECK(three.Identify("key"));
  CHECK(five.Identify("key"));
  CHECK_FALSE(five.Hold(1));
}

constexpr Strangers::Limits kFew = {.asks_per_address = 3, .asks_per_second = 1};
using Ask = Strangers::Ask;

TEST_CASE("a name that was not good is not asked about again for a moment", "[unit]") {
  Strangers strangers(kFew);
  const absl::Time now = absl::FromUnixSeconds(1000);
  CHECK(strangers.MayAsk("x", "a", now) == Ask::kStranger);
  strangers.WasMissed("x", now);
  CHECK(strangers.MayAsk("x", "a", now + absl::Seconds(4)) == Ask::kMissed);
  CHECK(strangers.MayAsk("x", "b", now + absl::Seconds(4)) == Ask::kMissed);
  CHECK(strangers.MayAsk("x", "a", now + absl::Seconds(6)) == Ask::kStranger);
}

TEST_CASE("an address may make up so many names, and then a few more as time goes", "[unit]") {
  Strangers strangers(kFew);
  absl::Time now = absl::FromUnixSeconds(1000);
  for (const char* name : {"x", "y", "z"}) {
    CHECK(strangers.MayAsk(name, "a", now) == Ask::kStranger);
  }
  CHECK(strangers.MayAsk("w", "a", now) == Ask::kTooOften);
  CHECK(strangers.MayAsk("w", "b", now) == Ask::kStranger);
  now += absl::Seconds(1);
  CHECK(strangers.MayAsk("w", "a", now) == Ask::kStranger);
  CHECK(strangers.MayAsk("v", "a", now) == Ask::kTooOften);
  now += absl::Hours(1);
  for (const char* name : {"1", "2", "3"}) {
    CHECK(strangers.MayAsk(name, "a", now) == Ask::kStranger);
  }
  CHECK(strangers.MayAsk("4", "a", now) == Ask::kTooOften);
}

TEST_CASE("who was good is asked about whatever their address does", "[unit]") {
  Strangers strangers(kFew);
  const absl::Time now = absl::FromUnixSeconds(1000);
  CHECK(strangers.MayAsk("mine", "a", now) == Ask::kStranger);
  strangers.WasGood("mine", "a", now);
  // It did not count: three others may still come.
  for (const char* name : {"x", "y", "z"}) {
    CHECK(strangers.MayAsk(name, "a", now) == Ask::kStranger);
  }
  CHECK(strangers.MayAsk("w", "a", now) == Ask::kTooOften);
  CHECK(strangers.MayAsk("mine", "a", now + absl::Minutes(59)) == Ask::kKnown);
  strangers.WasMissed("mine", now + absl::Minutes(59));
  CHECK(strangers.MayAsk("mine", "a", now + absl::Minutes(59)) == Ask::kMissed);
}

TEST_CASE("whatever is made up, what is remembered stays bounded", "[unit]") {
  Strangers strangers({.asks_per_address = 3, .names = 100, .addresses = 50});
  absl::Time now = absl::FromUnixSeconds(1000);
  strangers.WasGood("mine", "home", now);
  for (int i = 0; i < 10000; ++i) {
    now += absl::Microseconds(10);
    const std::string name = std::to_string(i);
    (void)strangers.MayAsk(name, "address " + name, now);
    strangers.WasMissed(name, now);
  }
  // Misses do not push out what is good.
  CHECK(strangers.MayAsk("mine", "home", now) == Ask::kKnown);
}

}  // namespace
}  // namespace gatehouse::gateway
