#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>

#include "services/common/tests/jobs_fixture.h"

// What one process says in a transaction, others hear; and jobs that are left to others are done at
// once by who hears of them.

namespace gatehouse {
namespace {

constexpr char kListeners[] =
    " FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user "
    "AND query LIKE 'LISTEN %'";

struct Fixture : JobsFixture {
  int Listeners() {
    return postgres
        .Read(Rows::OfAll(),
              [](Transaction& tx) -> absl::StatusOr<int> {
                static const std::string count = std::string("SELECT count(*)") + kListeners;
                return tx.Exec(count.c_str())[0][0].as<int>();
              })
        .value();
  }
  bool Listens() {
    return Within(absl::Seconds(10), [&] { return Listeners() == 1; });
  }
  void Cut() {
    REQUIRE(postgres
                .Read(Rows::OfAll(),
                      [](Transaction& tx) -> absl::Status {
                        static const std::string end =
                            std::string("SELECT pg_terminate_backend(pid)") + kListeners;
                        return tx.Exec(end.c_str()).empty() ? absl::NotFoundError("nobody listens")
                                                            : absl::OkStatus();
                      })
                .ok());
  }
  absl::Status Say(const std::string& payload, bool commit = true) {
    return postgres.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::Status {
      tx.Exec("SELECT pg_notify('gatehouse_' || current_schema(), $1)", payload);
      return commit ? absl::OkStatus() : absl::CancelledError("no");
    });
  }
};

// What was heard, in its order, without the word that something may have been missed.
struct Heard {
  Postgres::Heard Hear() {
    return [this](const std::string& payload) {
      const std::lock_guard lock(mutex);
      if (payload.empty()) ++missed;
      if (!payload.empty()) said.push_back(payload);
    };
  }
  Texts Said() {
    const std::lock_guard lock(mutex);
    return said;
  }
  int Missed() {
    const std::lock_guard lock(mutex);
    return missed;
  }

 private:
  std::mutex mutex;
  Texts said;
  int missed = 0;
};

TEST_CASE_METHOD(Fixture, "what is said in a transaction is heard once it commits, and only then",
                 "[service]") {
  Heard heard;
  const auto other = database.Another();
  const auto listening = other->Listen(heard.Hear());
  REQUIRE(Within(absl::Seconds(10), [&] { return heard.Missed() == 1; }));
  CHECK_FALSE(Say("rolled back", false).ok());
  CHECK(Say("one").ok());
  CHECK(Say("two").ok());
  CHECK(Within(absl::Seconds(5), [&] { return heard.Said() == Texts{"one", "two"}; }));
}

TEST_CASE_METHOD(Fixture, "all who listen in a process share a connection, each while it wants to",
                 "[service]") {
  Heard one, two;
  const auto listening = postgres.Listen(one.Hear());
  auto ending = postgres.Listen(two.Hear());
  REQUIRE(Listens());
  CHECK(Say("both").ok());
  CHECK(Within(absl::Seconds(5), [&] { return one.Said().size() == 1 && two.Said().size() == 1; }));
  ending.reset();
  CHECK(Say("one").ok());
  CHECK(Within(absl::Seconds(5), [&] { return one.Said() == Texts{"both", "one"}; }));
  CHECK(two.Said() == Texts{"both"});
  CHECK(Listeners() == 1);
}

TEST_CASE_METHOD(Fixture, "what another service says is not for us", "[service]") {
  Heard heard;
  const auto listening = postgres.Listen(heard.Hear());
  REQUIRE(Within(absl::Seconds(10), [&] { return heard.Missed() == 1; }));
  database.Exec("SELECT pg_notify('gatehouse_neighbour', 'theirs')");
  CHECK(Say("ours").ok());
  CHECK(Within(absl::Seconds(5), [&] { return !heard.Said().empty(); }));
  CHECK(heard.Said() == Texts{"ours"});
}

TEST_CASE_METHOD(Fixture, "a connection that is lost is made anew, and says that it was",
                 "[service]") {
  Heard heard;
  const auto listening = postgres.Listen(heard.Hear());
  REQUIRE(Listens());
  Cut();
  CHECK(Within(absl::Seconds(10), [&] { return heard.Missed() == 2; }));
  CHECK(Say("again").ok());
  CHECK(Within(absl::Seconds(5), [&] { return heard.Said() == Texts{"again"}; }));
}

TEST_CASE("who listens to a database that is away ends without waiting for it", "[service]") {
  Heard heard;
  const absl::Time start = absl::Now();
  {
    Postgres nowhere({.url = Secret("postgresql://nobody@127.0.0.1:1/none"), .schema = "probe"});
    const auto listening = nowhere.Listen(heard.Hear());
    absl::SleepFor(absl::Milliseconds(300));
  }
  CHECK(absl::Now() - start < absl::Seconds(3));
  CHECK(heard.Missed() == 0);
}

// A process that has the lane, and looks by itself once a minute.
struct Other : Fixture {
  Other() { lane.poll_first = lane.poll_most = absl::Minutes(1); }
  std::unique_ptr<Jobs> There() {
    auto there = std::make_unique<Jobs>(*second, Jobs::Options{kKey, {{"a", lane}}, nullptr});
    // It has looked at its start, and when it began to listen.
    REQUIRE(Listens());
    absl::SleepFor(absl::Milliseconds(100));
    return there;
  }
  const std::unique_ptr<Postgres> second = database.Another();
  LaneOptions lane = log.Work();
};

TEST_CASE_METHOD(Other, "another replica has a job within 100 ms of its commit", "[service]") {
  const auto there = There();
  const auto here = Start(std::map<std::string, LaneOptions>());
  std::vector<absl::Duration> waits;
  for (size_t i = 0; i < 20; ++i) {
    Add(postgres, *here, {NewJob(absl::StrCat(i))});
    const absl::Time committed = absl::Now();
    REQUIRE(Within(absl::Seconds(5), [&] { return log.Count() == i + 1; }));
    waits.push_back(absl::Now() - committed);
  }
  // The machine is shared with other tests: half of them tell.
  std::sort(waits.begin(), waits.end());
  CHECK(waits[waits.size() / 2] < absl::Milliseconds(100));
  SECTION("also after its connection was cut, and then what it missed") {
    Cut();
    Add(postgres, *here, {NewJob("missed")});
    CHECK(Within(absl::Seconds(10), [&] { return log.Count() == 21; }));
    REQUIRE(Listens());
    Add(postgres, *here, {NewJob("after")});
    CHECK(Within(absl::Seconds(5), [&] { return log.Count() == 22; }));
  }
}

TEST_CASE_METHOD(Other, "behind a pooler nobody listens, and all is found by looking",
                 "[service]") {
  Postgres::Options options = database.options();
  options.pooler = true;
  Postgres pooled(options);
  lane.poll_first = absl::Milliseconds(200);
  const Jobs there(pooled, {kKey, {{"a", lane}}, nullptr});
  const auto here = Start(std::map<std::string, LaneOptions>());
  absl::SleepFor(absl::Milliseconds(500));
  Add(postgres, *here, {NewJob("1")});
  CHECK(Within(absl::Seconds(5), [&] { return log.Count() == 1; }));
  CHECK(Listeners() == 0);
}

TEST_CASE_METHOD(Other, "what a process gives back as it ends another one has at once",
                 "[service]") {
  const auto there = There();
  std::mutex mutex;
  std::vector<JobDone> held;
  LaneOptions busy([&](const Job&, JobDone done) {
    const std::lock_guard lock(mutex);
    if (!held.empty()) return done(absl::UnknownError("it had to be given back"));
    held.push_back(std::move(done));
  });
  busy.at_once = 1;
  auto here = Start({{"a", busy}});
  Add(postgres, *here, {NewJob("first"), NewJob("waits")});
  REQUIRE(Within(absl::Seconds(5), [&] {
    const std::lock_guard lock(mutex);
    return held.size() == 1;
  }));
  std::thread ending([&] { here.reset(); });
  absl::SleepFor(absl::Milliseconds(500));  // Until it takes nothing up any more.
  held[0](absl::OkStatus());
  ending.join();
  CHECK(Within(absl::Seconds(2), [&] { return log.Done() == Texts{"waits"}; }));
}

TEST_CASE_METHOD(Fixture, "who does a job itself tells nobody, whoever leaves it tells of its lane",
                 "[service]") {
  Heard heard;
  const auto listening = postgres.Listen(heard.Hear());
  REQUIRE(Within(absl::Seconds(10), [&] { return heard.Missed() == 1; }));
  const auto jobs = Start();
  for (int i = 0; i < 10; ++i) Add(postgres, *jobs, {NewJob(absl::StrCat(i))});
  CHECK(Within(absl::Seconds(5), [&] { return log.Count() == 10; }));
  Job later = NewJob("later", "", "c");
  later.due_time = absl::Now() + absl::Hours(1);
  Add(postgres, *jobs, {NewJob("x", "", "b"), NewJob("y", "", "b"), later});
  CHECK(Within(absl::Seconds(5), [&] { return heard.Said() == Texts{"b"}; }));
}

TEST_CASE_METHOD(Fixture, "of a flood others are told now and then, not at each commit",
                 "[service]") {
  Heard heard;
  const auto listening = postgres.Listen(heard.Hear());
  REQUIRE(Within(absl::Seconds(10), [&] { return heard.Missed() == 1; }));
  LaneOptions full = log.Work();
  full.handed = 0;
  const auto jobs = Start({{"a", full}});
  const absl::Time start = absl::Now();
  for (int i = 0; i < 50; ++i) Add(postgres, *jobs, {NewJob(absl::StrCat(i))});
  const double tenths = (absl::Now() - start) / absl::Milliseconds(100);
  CHECK(Within(absl::Seconds(10), [&] { return log.Count() == 50; }));
  CHECK(!heard.Said().empty());
  CHECK(static_cast<double>(heard.Said().size()) <= tenths + 1);
}

}  // namespace
}  // namespace gatehouse
