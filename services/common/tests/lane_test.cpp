#include "services/common/jobs/lane.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "services/common/tests/jobs_fixture.h"

namespace gatehouse {
namespace {

// What a lane goes to: it answers as it is told, and remembers who asked.
class Destination {
 public:
  JobWork Work() {
    return [this](const Job& job, JobDone done) {
      absl::Status answer;
      {
        const std::lock_guard lock(mutex_);
        asked_.push_back(job.payload);
        if (holds_) {
          held_.push_back(std::move(done));
          return;
        }
        answer = answers_.count(job.payload) != 0 ? answers_[job.payload] : answer_;
      }
      done(answer);
    };
  }
  void Answer(absl::Status answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void Answer(const std::string& payload, absl::Status answer) {
    const std::lock_guard lock(mutex_);
    answers_[payload] = std::move(answer);
  }
  // Answers nobody, until it lets go.
  void Hold() {
    const std::lock_guard lock(mutex_);
    holds_ = true;
  }
  void LetGo() {
    std::vector<JobDone> held;
    {
      const std::lock_guard lock(mutex_);
      held.swap(held_);
      holds_ = false;
    }
    for (const JobDone& done : held) done(absl::OkStatus());
  }
  std::vector<std::string> Asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  int Asked(const std::string& payload) {
    const auto asked = Asked();
    return static_cast<int>(std::count(asked.begin(), asked.end(), payload));
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::vector<JobDone> held_;
  std::map<std::string, absl::Status> answers_;
  absl::Status answer_;
  bool holds_ = false;
};

const absl::Status kAway = absl::UnavailableError("away");

struct Fixture : JobsFixture {
  Destination destination;
  LaneOptions lane = destination.Work();

  Fixture() {
    // So long that nobody comes back by himself within a test.
    lane.retry_first = absl::Seconds(60);
    lane.probe_first = absl::Milliseconds(50);
    lane.probe_most = absl::Milliseconds(200);
  }
  static std::vector<Job> Many(int count, const std::string& prefix = "job") {
    std::vector<Job> jobs;
    for (int i = 0; i < count; ++i) jobs.push_back(NewJob(absl::StrCat(prefix, i)));
    return jobs;
  }
  bool AllGone() {
    return Within(absl::Seconds(10), [&] { return Rows() == 0; });
  }
};

TEST_CASE_METHOD(Fixture, "what is urgent goes before what came earlier", "[service]") {
  std::vector<Job> jobs = Many(200, "bulk");
  Job code = NewJob("code");
  code.priority = JobPriority::kUrgent;
  jobs.push_back(code);
  lane.at_once = 1;
  SECTION("in the table") {
    Leave(jobs);
    const auto running = Start({{"a", lane}});
    REQUIRE(Within(absl::Seconds(5), [&] { return !destination.Asked().empty(); }));
    CHECK(destination.Asked()[0] == "code");
  }
  SECTION("and in memory") {
    destination.Hold();
    const auto running = Start({{"a", lane}});
    Add(postgres, *running, {NewJob("first")});
    REQUIRE(Within(absl::Seconds(5), [&] { return destination.Asked().size() == 1; }));
    Add(postgres, *running, jobs);
    destination.LetGo();
    REQUIRE(Within(absl::Seconds(5), [&] { return destination.Asked().size() > 1; }));
    CHECK(destination.Asked()[1] == "code");
    CHECK(AllGone());
  }
}

TEST_CASE_METHOD(Fixture, "of what may go at once a part is kept for what is urgent", "[service]") {
  lane.at_once = 4;
  lane.reserved = 1;
  destination.Hold();
  const auto running = Start({{"a", lane}});
  Add(postgres, *running, Many(20));
  REQUIRE(Within(absl::Seconds(5), [&] { return destination.Asked().size() == 3; }));
  Job code = NewJob("code");
  code.priority = JobPriority::kUrgent;
  SECTION("that was written here") { Add(postgres, *running, {code}); }
  SECTION("that another process left") {
    Leave({code});
    running->Wake();
  }
  CHECK(Within(absl::Seconds(5), [&] { return destination.Asked("code") == 1; }));
  CHECK(destination.Asked().size() == 4);
  destination.LetGo();
  CHECK(AllGone());
}

TEST_CASE_METHOD(Fixture, "one organisation's flood is not handed over before others' turn",
                 "[service]") {
  lane.at_once = 1;
  lane.handed = 2;
  destination.Hold();
  const auto running = Start({{"a", lane}});
  for (int i = 0; i < 20; ++i) Add(postgres, *running, {NewJob(absl::StrCat("flood", i))});
  Add(postgres, *running, {NewJob("other", "", "a", "other")});
  destination.LetGo();
  REQUIRE(AllGone());
  const auto asked = destination.Asked();
  const auto place = std::find(asked.begin(), asked.end(), "other") - asked.begin();
  CHECK(place < 8);
  CHECK(asked.size() == 21);
}

TEST_CASE_METHOD(Fixture, "when a destination is back all that failed meanwhile is due at once",
                 "[service]") {
  destination.Answer(kAway);
  const auto running = Start({{"a", lane}});
  Add(postgres, *running, Many(10));
  // The lane is paused as a whole: one is tried at a time, and the rest has spent no attempt.
  REQUIRE(Within(absl::Seconds(5), [&] { return Rows("paused") >= 3; }));
  absl::SleepFor(absl::Milliseconds(500));
  const size_t probes = destination.Asked().size();
  CHECK(probes < 25);
  CHECK(Rows("failures > 0") <= 2);
  Add(postgres, *running, Many(10, "later"));
  CHECK(Rows("attempts = 0") >= 10);
  destination.Answer(absl::OkStatus());
  CHECK(Within(absl::Seconds(3), [&] { return Rows() == 0; }));
}

TEST_CASE_METHOD(Fixture, "another replica's outage ends with ours", "[service]") {
  destination.Answer(kAway);
  const auto other = database.Another();
  const auto one = Start({{"a", lane}});
  const auto two = std::make_unique<Jobs>(*other, Jobs::Options{kKey, {{"a", lane}}, nullptr});
  Add(postgres, *one, Many(10));
  Add(*other, *two, Many(10, "second"));
  REQUIRE(Within(absl::Seconds(5), [&] { return destination.Asked().size() > 8; }));
  destination.Answer(absl::OkStatus());
  CHECK(AllGone());
}

TEST_CASE_METHOD(Fixture, "one job that always fails pauses no other", "[service]") {
  lane.retry_first = absl::Milliseconds(10);
  destination.Answer("poison", kAway);
  const auto running = Start({{"a", lane}});
  Add(postgres, *running, {NewJob("poison")});
  for (int i = 0; i < 30; ++i) {
    const auto numbers = Add(postgres, *running, {NewJob(absl::StrCat("sound", i))});
    running->WaitFor(numbers, absl::Seconds(5));
    CHECK(destination.Asked(absl::StrCat("sound", i)) == 1);
  }
  CHECK(Within(absl::Seconds(5), [&] { return Rows() == 1; }));
}

TEST_CASE_METHOD(Fixture, "a refusal is an answer: it pauses nothing", "[service]") {
  destination.Answer(absl::InvalidArgumentError("never"));
  const auto running = Start({{"a", lane}});
  Add(postgres, *running, Many(10));
  CHECK(Within(absl::Seconds(5), [&] { return Rows("dead") == 10; }));
  CHECK(destination.Asked().size() == 10);
}

TEST_CASE_METHOD(Fixture, "a destination that asks to be left alone is left alone", "[service]") {
  destination.Answer(LeaveAlone(absl::Seconds(30)));
  const auto running = Start({{"a", lane}});
  Add(postgres, *running, {NewJob("1")});
  REQUIRE(Within(absl::Seconds(5), [&] { return Rows("paused") == 1; }));
  Add(postgres, *running, Many(5));
  absl::SleepFor(absl::Milliseconds(500));
  CHECK(destination.Asked() == Texts{"1"});
  CHECK(Rows("due_time > now() + interval '25 seconds'") == 1);
}

TEST_CASE_METHOD(Fixture, "a job that must not be tried yet waits alone", "[service]") {
  destination.Answer("early", NotBefore(absl::Seconds(90)));
  const auto running = Start({{"a", lane}});
  Add(postgres, *running, {NewJob("early"), NewJob("other")});
  CHECK(Within(absl::Seconds(5), [&] { return Rows() == 1; }));
  CHECK(Rows("due_time > now() + interval '80 seconds' AND NOT paused") == 1);
}

TEST_CASE_METHOD(Fixture, "what has lost its point is settled and not tried", "[service]") {
  std::atomic<int> settled = 0;
  lane.expire = [&](const Job&, JobDone done) {
    ++settled;
    done(absl::OkStatus());
  };
  Job late = NewJob("late");
  late.expire_time = absl::Now() - absl::Seconds(1);
  SECTION("in good times") {
    const auto running = Start({{"a", lane}});
    Add(postgres, *running, {late});
    CHECK(AllGone());
  }
  SECTION("and in an outage, which that does not end") {
    destination.Answer(kAway);
    const auto running = Start({{"a", lane}});
    Add(postgres, *running, Many(5));
    REQUIRE(Within(absl::Seconds(5), [&] { return Rows("paused") >= 3; }));
    Add(postgres, *running, {late});
    CHECK(Within(absl::Seconds(5), [&] { return settled == 1; }));
    CHECK(Within(absl::Seconds(5), [&] { return Rows() == 5; }));
    CHECK(destination.Asked("late") == 0);
  }
  SECTION("though it lost it while it waited") {
    destination.Answer("waits", absl::InternalError("later"));
    const auto running = Start({{"a", lane}});
    Job waits = NewJob("waits");
    waits.expire_time = absl::Now() + absl::Seconds(1);
    Add(postgres, *running, {waits});
    CHECK(AllGone());
    CHECK(destination.Asked("waits") == 1);
  }
  CHECK(settled == 1);
}

TEST_CASE_METHOD(Fixture, "what a process took and cannot do is anybody's at once when it ends",
                 "[service]") {
  lane.at_once = 1;
  destination.Hold();
  auto running = Start({{"a", lane}});
  Add(postgres, *running, Many(5));
  REQUIRE(Within(absl::Seconds(5), [&] { return destination.Asked().size() == 1; }));
  std::thread ending([&] { running.reset(); });
  absl::SleepFor(absl::Milliseconds(100));
  destination.LetGo();
  ending.join();
  CHECK(Rows() == 4);
  const auto left = Take();
  CHECK(left.size() == 4);
  for (const Job& job : left) CHECK(job.attempts == 1);
}

TEST_CASE_METHOD(Fixture, "who comes too late says nothing any more", "[service]") {
  Leave({NewJob("1")});
  const auto first = Take();
  Pass(kLease);
  const auto second = Take();
  REQUIRE(second.size() == 1);
  SECTION("by postponing") { CHECK(store.Postpone(first[0], absl::Hours(1), false).ok()); }
  SECTION("by giving back") { CHECK(store.GiveBack(first).ok()); }
  SECTION("by pausing") { CHECK(store.Pause(first).ok()); }
  SECTION("by giving up") { CHECK(store.GiveUp(first[0]).ok()); }
  CHECK(Rows("attempts = 2 AND failures = 0 AND NOT dead AND NOT paused AND due_time > now() AND "
             "due_time < now() + interval '1 minute'") == 1);
}

TEST_CASE_METHOD(Fixture, "a lane rests while nothing is due, however many organisations wait",
                 "[service]") {
  std::vector<Job> jobs;
  for (int i = 0; i < 20; ++i) {
    jobs.push_back(NewJob("later", "", "a", absl::StrCat("office", i)));
    jobs.back().due_time = absl::Now() + absl::Hours(1);
  }
  Leave(jobs);
  lane.at_once = 1;
  const auto running = Start({{"a", lane}});
  const auto commits = [&] {
    return database
        .Exec("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")[0][0]
        .as<int>();
  };
  // PostgreSQL counts them with a delay of a second.
  absl::SleepFor(absl::Seconds(2));
  const int before = commits();
  absl::SleepFor(absl::Seconds(2));
  CHECK(commits() - before < 200);
  // What comes due at any of them is found all the same.
  database.Exec("UPDATE job SET due_time = now() WHERE organisation_id IN ('office3', 'office17')");
  CHECK(Within(absl::Seconds(6), [&] { return destination.Asked("later") == 2; }));
}

TEST_CASE_METHOD(Fixture, "a job comes due when it says, to whoever wrote it", "[service]") {
  const auto running = Start({{"a", lane}});
  REQUIRE(Within(absl::Seconds(5), [&] { return Rows() == 0; }));
  absl::SleepFor(absl::Seconds(4));  // It looks only now and then by now.
  Job later = NewJob("later");
  later.due_time = absl::Now() + absl::Milliseconds(300);
  Add(postgres, *running, {later});
  CHECK(Within(absl::Milliseconds(900), [&] { return destination.Asked("later") == 1; }));
}

}  // namespace
}  // namespace gatehouse
