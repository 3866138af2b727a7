#include <functional>

#include "services/common/tests/jobs_fixture.h"

// A process does its jobs step by step, and is killed at each write that it makes, one after the
// other. At each step another replica may come between, in good time or after the clock has jumped
// beyond the leases, so that the first one goes on with what it does not hold any more. Nothing of
// this is left to chance.

namespace gatehouse {
namespace {

// What a callee sees, who knows the ids that it has seen.
class Callee {
 public:
  void Do(const Job& job) {
    if (!ids_.insert(job.id).second) return;
    done_.push_back(job.payload);
  }
  bool Did(const std::string& payload) const { return Place(payload) < done_.size(); }
  size_t Place(const std::string& payload) const {
    return std::find(done_.begin(), done_.end(), payload) - done_.begin();
  }

 private:
  std::set<std::string> ids_;
  std::vector<std::string> done_;
};

struct Fixture : JobsFixture {
  Fixture() {
    database.Exec(
        "CREATE SEQUENCE writes; CREATE TABLE killed (at bigint); INSERT INTO killed VALUES (0); "
        "CREATE FUNCTION kill() RETURNS trigger AS 'BEGIN IF (SELECT at FROM killed) > 0 AND "
        "nextval(''writes'') = (SELECT at FROM killed) THEN RAISE EXCEPTION ''killed''; END IF; "
        "RETURN NULL; END' LANGUAGE plpgsql SECURITY DEFINER; CREATE TRIGGER kill BEFORE INSERT OR "
        "UPDATE OR DELETE "
        "ON job FOR EACH STATEMENT EXECUTE FUNCTION kill()");
  }
  void KillAt(int write) {
    database.Exec(absl::StrCat("UPDATE killed SET at = ", write));
    if (write > 0) database.Exec("SELECT setval('writes', 1, false)");
  }
  // Whatever another replica finds it does, in its order. What it took.
  std::vector<Job> Replica(Callee& callee) {
    JobStore::Cursor cursor;
    REQUIRE(store.Repair(100, cursor).ok());
    std::vector<Job> taken = Take();
    std::vector<int64_t> numbers;
    for (const Job& job : taken) {
      callee.Do(job);
      numbers.push_back(job.number);
    }
    REQUIRE(store.Remove(numbers).ok());
    return taken;
  }
};

// One process's life: three jobs of one key, one without, and one that is refused.
class Process {
 public:
  Process(Fixture& fixture, Callee& callee) : fixture_(fixture), callee_(callee) {}

  static constexpr int kSteps = 9;
  absl::Status Step(int step) {
    switch (step) {
      case 0:
        return fixture_.postgres.Write(Rows::OfAll(), [&](Transaction& tx) {
          std::vector<Job> jobs = {NewJob("1", "k"), NewJob("2", "k"), NewJob("3", "k"),
                                   NewJob("free"), NewJob("refused")};
          fixture_.store.Add(tx, {}, jobs);
          return absl::OkStatus();
        });
      case 1:
        return Take();
      case 2:
        return Call({"1", "free"});
      case 3:
        return End({"1", "free"});
      case 4:  // It is done, and the answer is lost.
        return Call({"2"});
      case 5:
        return With("2", [&](const Job& job) {
          return fixture_.store.Postpone(job, absl::Seconds(1), true);
        });
      case 6:
        return With("3", [&](const Job& job) { return fixture_.store.GiveBack({job}); });
      case 7:
        return fixture_.store.Resume("a").status();
      default:
        return With("refused", [&](const Job& job) { return fixture_.store.GiveUp(job).status(); });
    }
  }
  const std::map<std::string, Job>& held() const { return held_; }

 private:
  absl::Status Take() {
    std::string organisation;
    auto taken = fixture_.store.Take({.lane = "a", .lease = kLease}, organisation);
    RETURN_IF_ERROR(taken.status());
    for (const Job& job : *taken) held_.emplace(job.payload, job);
    return absl::OkStatus();
  }
  absl::Status Call(const std::vector<std::string>& payloads) {
    for (const std::string& payload : payloads) {
      if (held_.count(payload) != 0) callee_.Do(held_.at(payload));
    }
    return absl::OkStatus();
  }
  absl::Status End(const std::vector<std::string>& payloads) {
    std::vector<int64_t> numbers;
    for (const std::string& payload : payloads) {
      const auto job = held_.find(payload);
      if (job == held_.end()) continue;
      numbers.push_back(job->second.number);
      held_.erase(job);
    }
    return fixture_.store.Remove(numbers).status();
  }
  absl::Status With(const std::string& payload,
                    const std::function<absl::Status(const Job&)>& tell) {
    const auto job = held_.find(payload);
    if (job == held_.end()) return absl::OkStatus();
    const Job told = job->second;
    held_.erase(job);
    return tell(told);
  }

  Fixture& fixture_;
  Callee& callee_;
  std::map<std::string, Job> held_;
};

enum class Jump { kNone, kBeyondLeases };

// Whether the process lived to its end, killed at that write, with another replica after that step.
bool Run(Fixture& fixture, int killed_at, int replica_after, Jump jump) {
  INFO("killed at write " << killed_at << ", replica after step " << replica_after
                          << (jump == Jump::kNone ? "" : ", beyond the leases"));
  fixture.database.Exec("DELETE FROM job");
  Callee callee;
  Process process(fixture, callee);
  bool added = false, lives = true;
  fixture.KillAt(killed_at);
  for (int step = 0; lives && step < Process::kSteps; ++step) {
    lives = process.Step(step).ok();
    added = added || (step == 0 && lives);
    if (!lives || step != replica_after) continue;
    const int write = fixture.database.Exec("SELECT last_value FROM writes")[0][0].as<int>();
    fixture.KillAt(0);
    if (jump == Jump::kBeyondLeases) fixture.Pass(kLease);
    for (const Job& job : fixture.Replica(callee)) {
      if (jump == Jump::kNone) CHECK(process.held().count(job.payload) == 0);
    }
    fixture.database.Exec(absl::StrCat("UPDATE killed SET at = ", killed_at));
    fixture.database.Exec(absl::StrCat("SELECT setval('writes', ", write, ")"));
  }
  fixture.KillAt(0);
  // Whoever is left does the rest, within so many leases.
  for (int i = 0; i < 4; ++i) {
    fixture.Pass(kLease);
    fixture.Replica(callee);
  }
  CHECK(fixture.Rows("NOT dead") == 0);
  if (!added) return lives;
  for (const char* payload : {"1", "2", "3", "free"}) CHECK(callee.Did(payload));
  CHECK((callee.Did("refused") || fixture.Rows("dead") == 1));
  CHECK(callee.Place("1") < callee.Place("2"));
  CHECK(callee.Place("2") < callee.Place("3"));
  return lives;
}

TEST_CASE_METHOD(Fixture, "killed at any write, beside any replica, all is done and in order",
                 "[service]") {
  int killed = 0;
  // Without one; when the jobs are there; when they are taken; done; and one of them postponed.
  for (const int replica_after : {-1, 0, 1, 4, 5}) {
    for (const Jump jump : {Jump::kNone, Jump::kBeyondLeases}) {
      if (replica_after < 0 && jump != Jump::kNone) continue;
      int write = 1;
      while (!Run(*this, write, replica_after, jump)) ++write;
      REQUIRE(write < 20);
      killed += write - 1;
    }
  }
  CHECK(killed > 60);
}

}  // namespace
}  // namespace gatehouse
