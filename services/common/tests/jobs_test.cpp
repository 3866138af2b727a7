#include "services/common/jobs/jobs.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "absl/strings/match.h"
#include "services/common/observe/metrics.h"
#include "services/common/tests/jobs_fixture.h"

namespace gatehouse {
namespace {

TEST_CASE("what waits in the outbox of before is found by its lane", "[service]") {
  std::vector<Migration> before = WithCommon({});
  before.resize(2);
  TestDatabase database("probe", before);
  database.Exec(
      "INSERT INTO outbox (organisation_id, id, method, request, order_key) "
      "VALUES ('acme', 'out_1', 'gatehouse.cases.v1.CaseDirectory/AddNote', '', '')");
  REQUIRE(database.Migrate(WithCommon({})).ok());
  CHECK(database.Exec("SELECT lane FROM job")[0][0].c_str() == std::string("cases"));
}

TEST_CASE_METHOD(JobsFixture, "what is committed is done at once, and leaves the table",
                 "[service]") {
  const auto jobs = Start();
  const auto numbers = Add(postgres, *jobs, {NewJob("1"), NewJob("2")});
  jobs->WaitFor(numbers, absl::Seconds(5));
  CHECK(log.Count() == 2);
  CHECK(Within(absl::Seconds(5), [&] { return Rows() == 0; }));
}

TEST_CASE_METHOD(JobsFixture, "what is rolled back is never done", "[service]") {
  const auto jobs = Start();
  const absl::Status status = postgres.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::Status {
    jobs->Add(tx, {NewJob("1")});
    return absl::CancelledError("no");
  });
  CHECK_FALSE(status.ok());
  absl::SleepFor(absl::Milliseconds(100));
  CHECK(log.Count() == 0);
}

TEST_CASE_METHOD(JobsFixture, "who writes jobs has them: nobody else takes them meanwhile",
                 "[service]") {
  std::vector<Job> jobs = {NewJob("1"), NewJob("2", "", "b")};
  REQUIRE(postgres
              .Write(Rows::OfAll(),
                     [&](Transaction& tx) {
                       store.Add(tx, {{"a", kLease}}, jobs);
                       return absl::OkStatus();
                     })
              .ok());
  CHECK(jobs[0].attempts == 1);
  CHECK(jobs[1].attempts == 0);
  CHECK(Take().empty());
  CHECK(PayloadsOf(Take(64, "b")) == Texts{"2"});
  SECTION("until its lease ends") {
    Pass(kLease);
    const auto taken = Take();
    CHECK(PayloadsOf(taken) == Texts{"1"});
    CHECK(taken[0].attempts == 2);
    CHECK(taken[0].id == jobs[0].id);
  }
}

TEST_CASE_METHOD(JobsFixture, "a job is not done before its time", "[service]") {
  Job later = NewJob("later");
  later.due_time = absl::Now() + absl::Hours(1);
  Leave({later, NewJob("now")});
  CHECK(PayloadsOf(Take()) == Texts{"now"});
  Pass(absl::Hours(2));
  CHECK(Take().size() == 2);
}

TEST_CASE_METHOD(JobsFixture, "jobs of one key are taken together, or one after the other",
                 "[service]") {
  Leave({NewJob("1", "k"), NewJob("2", "k"), NewJob("3", "k"), NewJob("other")});
  SECTION("in their order") { CHECK(PayloadsOf(Take()) == Texts{"1", "2", "3", "other"}); }
  SECTION("the later ones not before the earlier are done") {
    const auto first = Take(1);
    CHECK(PayloadsOf(first) == Texts{"1"});
    CHECK(PayloadsOf(Take()) == Texts{"other"});
    CHECK(Take().empty());
    CHECK(Rows("waits") == 2);
    REQUIRE(store.Remove({first[0].number}).value());
    CHECK(PayloadsOf(Take(1)) == Texts{"2"});
  }
  SECTION("the later ones go when the first is given up, which stays") {
    const auto first = Take(1);
    (void)Take();
    REQUIRE(store.GiveUp(first[0]).value());
    Pass(kLease);
    CHECK(PayloadsOf(Take()).front() == "2");
    CHECK(Rows("dead") == 1);
  }
  SECTION("while the first is postponed, the later ones wait") {
    const auto first = Take(1);
    (void)Take();
    REQUIRE(store.Postpone(first[0], absl::Hours(1), false).ok());
    Pass(kLease);
    CHECK(PayloadsOf(Take()) == Texts{"other"});
  }
}

TEST_CASE_METHOD(JobsFixture, "a key is its organisation's own", "[service]") {
  Leave({NewJob("1", "k"), NewJob("2", "k", "a", "other")});
  CHECK(Take().size() == 2);
}

TEST_CASE_METHOD(JobsFixture, "a job whose key has an earlier one is left to whoever takes that",
                 "[service]") {
  Leave({NewJob("1", "k")});
  std::vector<Job> next = {NewJob("2", "k"), NewJob("3")};
  REQUIRE(postgres
              .Write(Rows::OfAll(),
                     [&](Transaction& tx) {
                       store.Add(tx, {{"a", kLease}}, next);
                       return absl::OkStatus();
                     })
              .ok());
  CHECK(next[0].attempts == 0);
  CHECK(next[1].attempts == 1);
}

TEST_CASE_METHOD(JobsFixture,
                 "a process that dies between an end and the next of its key is repaired",
                 "[service]") {
  Leave({NewJob("1", "k"), NewJob("2", "k"), NewJob("3", "l"), NewJob("4", "l")});
  (void)Take(1);
  (void)Take(1);
  (void)Take();
  REQUIRE(Rows("waits") == 1);
  database.Exec("DELETE FROM job WHERE NOT waits AND order_key = 'k'");
  JobStore::Cursor cursor;
  // By one key at a time: the cursor goes round.
  for (int i = 0; i < 3; ++i) REQUIRE(store.Repair(1, cursor).ok());
  CHECK(PayloadsOf(Take()) == Texts{"2"});
}

TEST_CASE_METHOD(JobsFixture, "organisations take turns, whatever each has waiting", "[service]") {
  std::vector<Job> jobs;
  for (int i = 0; i < 500; ++i) jobs.push_back(NewJob(absl::StrCat(i), "", "a", "big"));
  for (int i = 0; i < 200; ++i) jobs.push_back(NewJob("small", "", "a", absl::StrCat("small", i)));
  Leave(jobs);
  std::string organisation;
  std::set<std::string> seen;
  int taken = 0;
  // 201 organisations, 128 at a time.
  for (int i = 0; i < 2; ++i) {
    const auto some = store.Take({.lane = "a"}, organisation);
    REQUIRE(some.ok());
    for (const Job& job : *some) {
      seen.insert(job.organisation_id);
      ++taken;
    }
  }
  CHECK(seen.size() == 201);
  CHECK(taken == 201);
  CHECK(organisation.empty());
}

TEST_CASE_METHOD(JobsFixture, "a failure that may pass is tried again, under the same id",
                 "[service]") {
  log.Answer({"1"});
  const auto jobs = Start();
  Add(postgres, *jobs, {NewJob("1")});
  REQUIRE(Within(absl::Seconds(10), [&] { return log.Count() >= 3; }));
  log.Answer({});
  CHECK(Within(absl::Seconds(10), [&] { return Rows() == 0; }));
  CHECK(log.ids.size() == 1);
}

TEST_CASE_METHOD(JobsFixture, "what is refused stays as dead, and the next of its key goes",
                 "[service]") {
  log.refuse = {"1"};
  const auto jobs = Start();
  Add(postgres, *jobs, {NewJob("1", "k"), NewJob("2", "k"), NewJob("3", "k")});
  CHECK(Within(absl::Seconds(10), [&] { return log.Count() == 3; }));
  CHECK(Within(absl::Seconds(5), [&] { return Rows() == 1; }));
  CHECK(Rows("dead") == 1);
}

TEST_CASE_METHOD(JobsFixture, "a job that cannot be opened is dead, and stops no other",
                 "[service]") {
  Leave({NewJob("1", "k"), NewJob("2", "k")});
  database.Exec("UPDATE job SET payload = 'x' WHERE number = (SELECT min(number) FROM job)");
  const auto jobs = Start();
  CHECK(Within(absl::Seconds(10), [&] { return log.Done() == Texts{"2"}; }));
  CHECK(Rows("dead") == 1);
}

TEST_CASE_METHOD(JobsFixture, "a lane that hangs delays what is in it, and nothing else",
                 "[service]") {
  std::mutex mutex;
  std::vector<Jobs::Done> hanging;
  auto jobs = Start({{"a", log.Work()}, {"hangs", [&](const Job&, Jobs::Done done) {
                                           const std::lock_guard lock(mutex);
                                           hanging.push_back(std::move(done));
                                         }}});
  Add(postgres, *jobs, {NewJob("x", "", "hangs")});
  REQUIRE(Within(absl::Seconds(5), [&] {
    const std::lock_guard lock(mutex);
    return hanging.size() == 1;
  }));
  const absl::Time start = absl::Now();
  jobs->WaitFor(Add(postgres, *jobs, {NewJob("1")}), absl::Seconds(5));
  CHECK(log.Done() == Texts{"1"});
  CHECK(absl::Now() - start < absl::Seconds(1));
  hanging[0](absl::OkStatus());
}

TEST_CASE_METHOD(JobsFixture, "a wait ends when another replica has done it", "[service]") {
  // This one has no such lane.
  const auto here = Start(std::map<std::string, LaneOptions>());
  const auto numbers = Add(postgres, *here, {NewJob("1")});
  const auto second = database.Another();
  const auto there =
      std::make_unique<Jobs>(*second, Jobs::Options{kKey, {{"a", log.Work()}}, nullptr});
  const absl::Time start = absl::Now();
  here->WaitFor(numbers, absl::Seconds(10));
  CHECK(log.Count() == 1);
  CHECK(absl::Now() - start < absl::Seconds(5));
}

TEST_CASE_METHOD(JobsFixture, "a wait ends when its patience does", "[service]") {
  log.Answer({"1"});
  const auto jobs = Start();
  const absl::Time start = absl::Now();
  jobs->WaitFor(Add(postgres, *jobs, {NewJob("1")}), absl::Milliseconds(300));
  CHECK(absl::Now() - start > absl::Milliseconds(250));
  CHECK(absl::Now() - start < absl::Seconds(2));
}

TEST_CASE_METHOD(JobsFixture, "a lane tells what is due in it, and no other's", "[service]") {
  Job later = NewJob("later");
  later.due_time = absl::Now() + absl::Hours(1);
  Leave({NewJob("1"), NewJob("2"), later, NewJob("3", "", "b")});
  database.Exec("UPDATE job SET create_time = create_time - interval '1 minute'");
  REQUIRE(store.GiveUp(Take(1)[0]).ok());
  const auto a = store.LookAt("a"), b = store.LookAt("b"), c = store.LookAt("c");
  CHECK(a->waiting == 1);
  CHECK(a->dead == 1);
  CHECK(a->oldest > absl::Seconds(59));
  CHECK(b->waiting == 1);
  CHECK(b->dead == 0);
  CHECK(c->waiting == 0);
  CHECK(c->oldest == absl::ZeroDuration());
  // Messages that wait for a provider are no effects that are late.
  const Jobs effects(postgres, {.key = kKey, .lanes = {{"told", log.Work()}}});
  CHECK(Within(absl::Seconds(5), [] {
    return absl::StrContains(MetricsText(), "gatehouse_outbox_rows{lane=\"told\",state=\"due\"} 0");
  }));
  CHECK_FALSE(absl::StrContains(MetricsText(), "gatehouse_outbox_rows{state="));
}

// A queue that grows is looked through by the index alone.
TEST_CASE_METHOD(JobsFixture, "taking costs the same whatever waits", "[service]") {
  const auto fill = [&](int rows) {
    database.Exec(
        absl::StrCat("INSERT INTO job (organisation_id, lane, kind, id, payload, order_key) SELECT "
                     "'o' || n % 3, "
                     "'a', 'test', 'id', '', CASE WHEN n % 2 = 0 THEN 'k' || n ELSE '' END "
                     "FROM generate_series(1, ",
                     rows, ") AS n"));
    database.Exec("VACUUM ANALYZE");
  };
  const auto rows_read = [&] {
    return database.RowsRead([&](Postgres& pool) {
      const JobStore looking(pool, kKey);
      std::string organisation;
      // Nothing is due yet of all that waits.
      REQUIRE(looking.Take({.lane = "none"}, organisation).ok());
      REQUIRE(looking.Take({.lane = "later"}, organisation).ok());
    });
  };
  fill(100);
  (void)rows_read();
  fill(50'000);
  database.Exec("UPDATE job SET lane = 'later', due_time = now() + interval '1 hour'");
  database.Exec("VACUUM ANALYZE");
  CHECK(rows_read() < 100);
  database.Exec("UPDATE job SET due_time = now() WHERE organisation_id = 'o1'");
  database.Exec("VACUUM ANALYZE");
  const int64_t read = database.RowsRead([&](Postgres& pool) {
    const JobStore looking(pool, kKey);
    std::string organisation;
    REQUIRE(looking.Take({.lane = "later", .limit = 8}, organisation).ok());
  });
  CHECK(read < 500);
}

// Two replicas, at random: answers are lost, processes die between any two steps, clocks jump.
TEST_CASE_METHOD(JobsFixture, "whatever fails, all is done, in the order of its key", "[service]") {
  std::mt19937 random(7);
  const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
  const auto other = database.Another();
  const JobStore replicas[] = {store, JobStore(*other, kKey)};
  std::string cursors[2];
  std::map<std::string, int> done_of_key;
  std::set<std::string> done;
  int out_of_order = 0, added = 0, repeated = 0;
  std::map<std::string, int> added_of_key;
  // One attempt: what a callee sees, who knows the ids it has seen.
  const auto call = [&](const Job& job) {
    if (!done.insert(job.id).second) {
      ++repeated;
      return;
    }
    if (!job.key.empty() && std::stoi(job.payload) != done_of_key[job.key]++) ++out_of_order;
  };
  const auto work = [&](int replica) {
    auto taken = replicas[replica].Take({.lane = "a", .limit = 8}, cursors[replica]);
    REQUIRE(taken.ok());
    std::set<std::string> failed;
    for (const Job& job : *taken) {
      if (chance(5)) return;  // Killed before the call.
      if (!job.key.empty() && failed.count(job.key) != 0) {
        REQUIRE(replicas[replica].GiveBack({job}).ok());
        continue;
      }
      if (chance(15)) {  // The callee is away, or its answer is lost.
        if (chance(50)) call(job);
        failed.insert(job.key);
        REQUIRE(replicas[replica].Postpone(job, absl::Seconds(1), false).ok());
        continue;
      }
      call(job);
      if (chance(5)) return;  // Killed after the call.
      REQUIRE(replicas[replica].Remove({job.number}).ok());
    }
  };
  for (int step = 0; step < 300; ++step) {
    if (step < 100) {
      std::vector<Job> jobs;
      for (int i = 0; i < 3; ++i) {
        const std::string key = chance(30) ? "" : absl::StrCat("k", random() % 5);
        jobs.push_back(NewJob(absl::StrCat(added_of_key[key]++), key));
        ++added;
      }
      Leave(jobs);
    }
    work(step % 2);
    if (chance(30)) Pass(absl::Seconds(static_cast<int>(random() % 15)));
  }
  JobStore::Cursor cursor;
  for (int i = 0; i < 400 && Rows() > 0; ++i) {
    Pass(kLease);
    REQUIRE(store.Repair(100, cursor).ok());
    work(i % 2);
  }
  CHECK(Rows() == 0);
  CHECK(static_cast<int>(done.size()) == added);
  CHECK(out_of_order == 0);
  CHECK(repeated > 0);
}

TEST_CASE_METHOD(JobsFixture, "two replicas at once do everything, in the order of its key",
                 "[service]") {
  std::mutex mutex;
  std::map<std::string, std::vector<int>> done;
  std::set<std::string> ids;
  std::atomic<int> calls = 0;
  const auto work = [&](const Job& job, Jobs::Done answer) {
    const bool fails = ++calls % 7 == 0;
    {
      const std::lock_guard lock(mutex);
      // The answer may be lost: then the callee has done it all the same.
      if ((!fails || calls % 2 == 0) && ids.insert(job.id).second) {
        done[job.key].push_back(std::stoi(job.payload));
      }
    }
    answer(fails ? absl::UnavailableError("lost") : absl::OkStatus());
  };
  const auto other = database.Another();
  {
    const auto one = Start({{"a", work}});
    const auto two = std::make_unique<Jobs>(*other, Jobs::Options{kKey, {{"a", work}}, nullptr});
    std::vector<std::thread> writers;
    for (int key = 0; key < 4; ++key) {
      // A key's lock: one writer.
      writers.emplace_back([&, key] {
        for (int i = 0; i < 25; ++i) {
          const bool first = i % 2 == 0;
          Add(first ? postgres : *other, first ? *one : *two,
              {NewJob(absl::StrCat(i), absl::StrCat("k", key))});
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
    CHECK(Within(absl::Seconds(60), [&] { return Rows() == 0; }));
  }
  for (const auto& [key, numbers] : done) {
    INFO(key);
    CHECK(numbers.size() == 25);
    CHECK(std::is_sorted(numbers.begin(), numbers.end()));
  }
  CHECK(done.size() == 4);
}

}  // namespace
}  // namespace gatehouse
