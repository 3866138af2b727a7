#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/random.h"
#include "services/common/jobs/jobs.h"
#include "tests/support/test_database.h"

namespace gatehouse {

inline const Secret kKey(std::string(32, 'k'));
constexpr absl::Duration kLease = absl::Seconds(10);

inline Job NewJob(const std::string& payload, const std::string& key = "",
                  const std::string& lane = "a", const std::string& organisation = "acme") {
  return {.organisation_id = organisation,
          .lane = lane,
          .kind = "test",
          .id = NewId("job"),
          .payload = payload,
          .key = key};
}

// What was done, in its order, and what to answer.
class Log {
 public:
  Jobs::Work Work() {
    return [this](const Job& job, Jobs::Done done) { done(Do(job)); };
  }
  absl::Status Do(const Job& job) {
    const std::lock_guard lock(mutex);
    done.push_back(job.payload);
    ids.insert(job.id);
    if (refuse.count(job.payload) != 0) return absl::InvalidArgumentError("never");
    if (fail.count(job.payload) != 0) return absl::UnavailableError("later");
    return absl::OkStatus();
  }
  std::vector<std::string> Done() {
    const std::lock_guard lock(mutex);
    return done;
  }
  size_t Count() { return Done().size(); }
  void Answer(std::set<std::string> failing) {
    const std::lock_guard lock(mutex);
    fail = std::move(failing);
  }

  std::mutex mutex;
  std::vector<std::string> done;
  std::set<std::string> ids, fail, refuse;
};

template <typename F>
bool Within(absl::Duration patience, F f) {
  const absl::Time end = absl::Now() + patience;
  while (absl::Now() < end) {
    if (f()) return true;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return f();
}

struct JobsFixture {
  TestDatabase database{"probe", WithCommon({})};
  Postgres& postgres = database.postgres();
  JobStore store{postgres, kKey};
  Log log;

  std::unique_ptr<Jobs> Start(std::map<std::string, LaneOptions> lanes) {
    return std::make_unique<Jobs>(postgres, Jobs::Options{kKey, std::move(lanes), nullptr});
  }
  std::unique_ptr<Jobs> Start() { return Start({{"a", log.Work()}}); }
  static std::vector<int64_t> Add(Postgres& through, Jobs& jobs, std::vector<Job> added) {
    std::vector<int64_t> numbers;
    const absl::Status status = through.Write(Rows::OfAll(), [&](Transaction& tx) {
      numbers = jobs.Add(tx, added);
      return absl::OkStatus();
    });
    // Not CHECK: several threads add, and Catch2 counts for one.
    if (!status.ok()) throw std::runtime_error(status.ToString());
    return numbers;
  }
  // As a process leaves them that died before it could do them, or never had their lane.
  std::vector<Job> Leave(std::vector<Job> jobs) {
    const absl::Status status = postgres.Write(Rows::OfAll(), [&](Transaction& tx) {
      store.Add(tx, {}, jobs);
      return absl::OkStatus();
    });
    CHECK(status.ok());
    return jobs;
  }
  std::vector<Job> Take(int limit = 64, const std::string& lane = "a") {
    std::string organisation;
    auto taken = store.Take({.lane = lane, .limit = limit}, organisation);
    REQUIRE(taken.ok());
    return *std::move(taken);
  }
  int Rows(const std::string& where = "true") {
    return database.Exec("SELECT count(*) FROM job WHERE " + where)[0][0].as<int>();
  }
  // The clock of the database, as far as a job sees it.
  void Pass(absl::Duration time) {
    database.Exec(absl::StrCat("UPDATE job SET due_time = due_time - make_interval(secs => ",
                               absl::ToDoubleSeconds(time), ")"));
  }
};

inline std::vector<std::string> PayloadsOf(const std::vector<Job>& jobs) {
  std::vector<std::string> payloads;
  for (const Job& job : jobs) payloads.push_back(job.payload);
  return payloads;
}
using Texts = std::vector<std::string>;

}  // namespace gatehouse
