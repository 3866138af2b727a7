#include <algorithm>
#include <functional>
#include <optional>

#include "services/common/tests/jobs_fixture.h"

// A process does its jobs step by step, and is killed at each write that it makes, one after the
// other. At each step another replica may come between, in good time or after the clock has jumped
// beyond the leases, so that the first one goes on with what it does not hold any more. Nothing of
// this is left to chance. That it would find a fault is shown by stores that have one each.

namespace gatehouse {
namespace {

using Broken = std::set<std::string>;  // Promises, by their names.

// What is wrong with the store.
enum class Fault {
  kNone,
  kEndsWhatIsTaken,  // It removes a job when it is taken, rather than when it is done.
  kTakesWhatIsHeld,  // A lease keeps nobody off.
  kHearsWhoIsLate,   // Whose lease has passed on may still say what becomes of the job.
  kForgetsKeys,      // Jobs of one key are in no order.
  kForgetsWhoWaits,  // Whoever waits for a job is not let go by its end, nor ever after.
  kChangesIds,       // A job has another id at each attempt.
  kLosesPostponed,   // What is to be tried again is not.
  kBeginsAnew,       // The organisation that comes first has every turn.
};

// What a callee sees, who knows the ids that it has seen.
class Callee {
 public:
  void Do(const Job& job) {
    if (!ids_.insert(job.id).second) return;
    done_.push_back(job.payload);
  }
  bool Did(const std::string& payload) const { return Place(payload) < done_.size(); }
  bool DidTwice(const std::string& payload) const {
    return std::count(done_.begin(), done_.end(), payload) > 1;
  }
  size_t Place(const std::string& payload) const {
    return std::find(done_.begin(), done_.end(), payload) - done_.begin();
  }

 private:
  std::set<std::string> ids_;
  std::vector<std::string> done_;
};

// Of the database of one test.
std::string OwnersUrl(const std::string& database) {
  const std::string url = RequiredSetting("GATEHOUSE_TEST_POSTGRES_URL");
  return url.substr(0, url.rfind('/') + 1) + database;
}

struct Fixture : JobsFixture {
  pqxx::connection owner{OwnersUrl(database.name())};

  Fixture() {
    Sql("SET search_path TO probe; SET gatehouse.organisation_id TO '*'");
    Sql("CREATE SEQUENCE writes; CREATE TABLE killed (at bigint); INSERT INTO killed VALUES (0); "
        // Of who serves, that is: what the tables' owner writes is the test's own doing.
        "CREATE FUNCTION kill() RETURNS trigger AS 'BEGIN IF session_user <> current_user AND "
        "(SELECT at FROM killed) > 0 AND nextval(''writes'') = (SELECT at FROM killed) "
        "THEN RAISE EXCEPTION ''killed''; END IF; RETURN NULL; END' "
        "LANGUAGE plpgsql SECURITY DEFINER; CREATE TRIGGER kill BEFORE INSERT OR UPDATE OR DELETE "
        "ON job FOR EACH STATEMENT EXECUTE FUNCTION kill()");
  }
  // As the tables' owner, on one connection.
  pqxx::result Sql(const std::string& sql) {
    pqxx::nontransaction work(owner);
    return work.exec(sql);
  }
  int Rows(const std::string& where) {
    return Sql("SELECT count(*) FROM job WHERE " + where)[0][0].as<int>();
  }
  void Pass(absl::Duration time) {
    Sql(absl::StrCat("UPDATE job SET due_time = due_time - make_interval(secs => ",
                     absl::ToDoubleSeconds(time), ")"));
  }
  void KillAt(int write) {
    Sql(absl::StrCat("UPDATE killed SET at = ", write));
    if (write > 0) Sql("SELECT setval('writes', 1, false)");
  }
  // Nobody is killed by what `f` writes, and it is not counted.
  void Beside(int killed_at, const std::function<void()>& f) {
    const int write = Sql("SELECT last_value FROM writes")[0][0].as<int>();
    const bool begun = Sql("SELECT is_called FROM writes")[0][0].as<bool>();
    KillAt(0);
    f();
    Sql(absl::StrCat("UPDATE killed SET at = ", killed_at));
    Sql(absl::StrCat("SELECT setval('writes', ", write, ", ", begun ? "true" : "false", ")"));
  }
};

class Store {
 public:
  Store(Fixture& fixture, Fault fault) : fixture_(fixture), fault_(fault) {}

  void Add(Transaction& tx, std::vector<Job> jobs) const {
    for (Job& job : jobs) {
      if (fault_ == Fault::kForgetsKeys) job.key.clear();
    }
    fixture_.store.Add(tx, {}, jobs);
  }
  absl::StatusOr<std::vector<Job>> Take(JobClaim claim, std::string& organisation) const {
    if (fault_ == Fault::kTakesWhatIsHeld) Change("due_time = now() WHERE due_time < 'infinity'");
    if (fault_ == Fault::kBeginsAnew) organisation.clear();
    auto taken = fixture_.store.Take(claim, organisation);
    RETURN_IF_ERROR(taken.status());
    std::vector<int64_t> numbers;
    for (Job& job : *taken) {
      numbers.push_back(job.number);
      if (fault_ == Fault::kChangesIds) absl::StrAppend(&job.id, "-", job.attempts);
    }
    if (fault_ == Fault::kEndsWhatIsTaken) {
      RETURN_IF_ERROR(fixture_.store.Remove(numbers).status());
    }
    return taken;
  }
  absl::Status Remove(const std::vector<int64_t>& numbers) const {
    const absl::Status removed = fixture_.store.Remove(numbers).status();
    if (fault_ == Fault::kForgetsWhoWaits) Change("waits = true WHERE order_key <> ''");
    return removed;
  }
  absl::Status Repair() const {
    if (fault_ == Fault::kForgetsWhoWaits) return absl::OkStatus();
    JobStore::Cursor cursor;
    return fixture_.store.Repair(100, cursor);
  }
  absl::Status Postpone(const Job& job) const {
    if (fault_ == Fault::kLosesPostponed) return Remove({job.number});
    return fixture_.store.Postpone(Heard(job), absl::Seconds(1), true);
  }
  absl::Status GiveBack(const Job& job) const { return fixture_.store.GiveBack({Heard(job)}); }
  absl::Status GiveUp(const Job& job) const { return fixture_.store.GiveUp(Heard(job)).status(); }
  absl::Status Resume() const { return fixture_.store.Resume("a").status(); }

 private:
  void Change(const std::string& how) const { fixture_.Sql("UPDATE job SET " + how); }
  // As whoever holds it now would say it.
  Job Heard(Job job) const {
    if (fault_ != Fault::kHearsWhoIsLate) return job;
    const auto row =
        fixture_.Sql(absl::StrCat("SELECT attempts FROM job WHERE number = ", job.number));
    if (!row.empty()) job.attempts = row[0][0].as<int>();
    return job;
  }

  Fixture& fixture_;
  const Fault fault_;
};

// Another replica: whatever it finds it does, in its order.
class Replica {
 public:
  Replica(const Store& store, Callee& callee) : store_(store), callee_(callee) {}

  const std::vector<Job>& Take() {
    REQUIRE(store_.Repair().ok());
    std::string organisation;
    auto taken = store_.Take({.lane = "a", .lease = kLease}, organisation);
    REQUIRE(taken.ok());
    return held_ = *std::move(taken);
  }
  void Finish() {
    std::vector<int64_t> numbers;
    for (const Job& job : held_) {
      callee_.Do(job);
      numbers.push_back(job.number);
    }
    REQUIRE(store_.Remove(numbers).ok());
    held_.clear();
  }
  const std::vector<Job>& held() const { return held_; }

 private:
  const Store& store_;
  Callee& callee_;
  std::vector<Job> held_;
};

// One process's life: three jobs of one key, one without, and one that is refused.
class Process {
 public:
  Process(Fixture& fixture, const Store& store, Callee& callee)
      : fixture_(fixture), store_(store), callee_(callee) {}

  static constexpr int kSteps = 9;
  absl::Status Step(int step) {
    switch (step) {
      case 0:
        return fixture_.postgres.Write(Rows::OfAll(), [&](Transaction& tx) {
          store_.Add(tx, {NewJob("1", "k"), NewJob("2", "k"), NewJob("3", "k"), NewJob("free"),
                          NewJob("refused")});
          return absl::OkStatus();
        });
      case 1:
        return Take();
      case 2:  // Both are done; of one the answer is lost.
        return Call({"1", "free"});
      case 3:
        return End({"1"});
      case 4:
        return With("free", [&](const Job& job) { return store_.Postpone(job); });
      case 5:  // The callee is away.
        return With("2", [&](const Job& job) { return store_.Postpone(job); });
      case 6:
        return With("3", [&](const Job& job) { return store_.GiveBack(job); });
      case 7:
        return store_.Resume();
      default:
        return With("refused", [&](const Job& job) { return store_.GiveUp(job); });
    }
  }
  const std::map<std::string, Job>& held() const { return held_; }

 private:
  absl::Status Take() {
    std::string organisation;
    auto taken = store_.Take({.lane = "a", .lease = kLease}, organisation);
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
    return store_.Remove(numbers);
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
  const Store& store_;
  Callee& callee_;
  std::map<std::string, Job> held_;
};

// When another replica comes, and how long it takes for what it finds.
enum class Other { kAtOnce, kBeyondLeases, kBeyondLeasesAndSlow };

struct Run {
  Fault fault = Fault::kNone;
  int killed_at = 0;       // At that write of the process.
  int replica_after = -1;  // That step of it.
  Other other = Other::kAtOnce;
};

// What is held by one that had its turn is nobody else's, and nobody's word but its own counts.
void CheckHeld(Fixture& fixture, const Store& store, const Replica& replica, Broken& broken) {
  std::string organisation;
  auto more = store.Take({.lane = "a", .lease = kLease}, organisation);
  REQUIRE(more.ok());
  for (const Job& job : replica.held()) {
    const auto is_it = [&](const Job& other) { return other.number == job.number; };
    if (std::any_of(more->begin(), more->end(), is_it)) broken.insert("held by one");
    if (fixture.Rows(absl::StrCat("dead AND number = ", job.number)) > 0) {
      broken.insert("the holder's word alone");
    }
  }
}

void CheckDone(Fixture& fixture, const Callee& callee, Broken& broken) {
  for (const char* payload : {"1", "2", "3", "free"}) {
    if (!callee.Did(payload)) broken.insert("done at least once");
  }
  if (!callee.Did("refused") && fixture.Rows("dead") == 0) broken.insert("done at least once");
  for (const char* payload : {"1", "2", "3", "free", "refused"}) {
    if (callee.DidTwice(payload)) broken.insert("one id at each attempt");
  }
  if (callee.Place("1") > callee.Place("2") || callee.Place("2") > callee.Place("3")) {
    broken.insert("in the order of the key");
  }
}

// Whether the process lived to its end; what was broken meanwhile.
bool Live(Fixture& fixture, const Run& run, Broken& broken) {
  fixture.Sql("DELETE FROM job");
  const Store store(fixture, run.fault);
  Callee callee;
  Process process(fixture, store, callee);
  Replica replica(store, callee);
  bool added = false, lives = true;
  fixture.KillAt(run.killed_at);
  for (int step = 0; lives && step < Process::kSteps; ++step) {
    lives = process.Step(step).ok();
    added = added || (step == 0 && lives);
    if (!lives || step != run.replica_after) continue;
    fixture.Beside(run.killed_at, [&] {
      if (run.other != Other::kAtOnce) fixture.Pass(kLease);
      for (const Job& job : replica.Take()) {
        const bool both = process.held().count(job.payload) != 0;
        if (both && run.other == Other::kAtOnce) broken.insert("held by one");
      }
      if (run.other != Other::kBeyondLeasesAndSlow) replica.Finish();
    });
  }
  fixture.KillAt(0);
  if (!replica.held().empty()) CheckHeld(fixture, store, replica, broken);
  replica.Finish();
  // Whoever is left does the rest, within so many leases.
  for (int i = 0; i < 4; ++i) {
    fixture.Pass(kLease);
    (void)replica.Take();
    replica.Finish();
  }
  if (fixture.Rows("NOT dead") > 0) broken.insert("done in the end");
  if (added) CheckDone(fixture, callee, broken);
  return lives;
}

// One organisation adds as fast as it is served; how often it has its turn before another one has.
int TurnsBeforeOthers(Fixture& fixture, Fault fault) {
  fixture.Sql("DELETE FROM job");
  const Store store(fixture, fault);
  const auto add = [&](int count, const std::string& organisation) {
    for (int i = 0; i < count; ++i) fixture.Leave({NewJob("x", "", "a", organisation)});
  };
  add(8, "busy");
  add(1, "small");
  std::string organisation;
  for (int turn = 0; turn < 10; ++turn) {
    auto taken = store.Take({.lane = "a", .limit = 4, .organisations = 1}, organisation);
    REQUIRE(taken.ok());
    for (const Job& job : *taken) {
      if (job.organisation_id == "small") return turn;
      REQUIRE(store.Remove({job.number}).ok());
    }
    add(4, "busy");
  }
  return 10;
}

// All runs with this fault, until one finds it; how many processes were killed.
std::pair<int, Broken> RunAll(Fixture& fixture, Fault fault) {
  int killed = 0;
  Broken broken;
  if (TurnsBeforeOthers(fixture, fault) > 1) broken.insert("organisations take turns");
  // Without one; when the jobs are there; when they are taken; done, and one of them postponed; and
  // when what comes after the postponed one was given back.
  for (const int replica_after : {-1, 0, 1, 4, 6}) {
    for (const Other other : {Other::kAtOnce, Other::kBeyondLeases, Other::kBeyondLeasesAndSlow}) {
      if (replica_after < 0 && other != Other::kAtOnce) continue;
      for (int write = 1;; ++write) {
        INFO("killed at write " << write << ", replica after step " << replica_after << ", "
                                << static_cast<int>(other));
        REQUIRE(write < 30);
        const bool lived = Live(fixture, {fault, write, replica_after, other}, broken);
        if (!broken.empty()) return {killed, broken};
        if (lived) break;
        ++killed;
      }
    }
  }
  return {killed, broken};
}

TEST_CASE_METHOD(Fixture, "killed at any write, beside any replica, all is done and in order",
                 "[service]") {
  const auto [killed, broken] = RunAll(*this, Fault::kNone);
  CHECK(broken == Broken());
  CHECK(killed > 80);
}

TEST_CASE_METHOD(Fixture, "the run finds a store that breaks a promise", "[service]") {
  const std::map<Fault, std::string> promises = {{Fault::kEndsWhatIsTaken, "done at least once"},
                                                 {Fault::kTakesWhatIsHeld, "held by one"},
                                                 {Fault::kHearsWhoIsLate, "held by one"},
                                                 {Fault::kForgetsKeys, "in the order of the key"},
                                                 {Fault::kForgetsWhoWaits, "done in the end"},
                                                 {Fault::kChangesIds, "one id at each attempt"},
                                                 {Fault::kLosesPostponed, "done at least once"},
                                                 {Fault::kBeginsAnew, "organisations take turns"}};
  for (const auto& [fault, promise] : promises) {
    INFO(promise << ", " << static_cast<int>(fault));
    const Broken broken = RunAll(*this, fault).second;
    CHECK(broken.count(promise) == 1);
  }
}

}  // namespace
}  // namespace gatehouse
