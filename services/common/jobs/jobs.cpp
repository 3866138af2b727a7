#include "services/common/jobs/jobs.h"

#include <algorithm>
#include <set>

#include "absl/time/clock.h"

namespace gatehouse {
namespace {

std::vector<std::string> NamesOf(const std::map<std::string, LaneOptions>& lanes) {
  std::vector<std::string> names;
  for (const auto& [name, options] : lanes) names.push_back(name);
  return names;
}

}  // namespace

Jobs::Jobs(Postgres& postgres, Options options)
    : store_(postgres, std::move(options.key)),
      ledger_(std::make_unique<JobLedger>(
          store_, [this] { Wake(); }, NamesOf(options.lanes), std::move(options.report))) {
  const bool works = !options.lanes.empty();
  for (auto& [name, lane] : options.lanes) {
    lanes_[name] = std::make_unique<JobLane>(name, std::move(lane), store_, *ledger_);
  }
  for (const auto& [name, lane] : lanes_) lane->Start();
  if (works) listening_ = postgres.Listen([this](const std::string& lane) { Hear(lane); });
}

Jobs::~Jobs() {
  listening_.reset();
  for (const auto& [name, lane] : lanes_) lane->Stop();
  ledger_.reset();
}

std::vector<int64_t> Jobs::Add(Transaction& transaction, std::vector<Job> jobs) {
  std::map<std::string, absl::Duration> leases;
  std::set<std::string> told;
  for (const Job& job : jobs) {
    const auto lane = lanes_.find(job.lane);
    const bool ours = lane != lanes_.end();
    if (ours && lane->second->HasRoom()) {
      leases[job.lane] = lane->second->options().lease;
    } else if (!ours || lane->second->MayTell()) {
      told.insert(job.lane);
    }
  }
  const absl::Time time = absl::Now();
  store_.Add(transaction, leases, jobs, told);
  std::vector<int64_t> numbers, taken;
  for (Job& job : jobs) {
    if (job.due_time == absl::InfinitePast()) numbers.push_back(job.number);
    if (job.attempts == 0) continue;
    taken.push_back(job.number);
    job.create_time = time;
    job.held_until = time + leases[job.lane];
  }
  transaction.AfterCommit([this, taken, jobs = std::move(jobs)] {
    ledger_->Expect(taken);
    std::map<std::string, std::vector<Job>> handed;
    for (const Job& job : jobs) {
      const auto lane = lanes_.find(job.lane);
      if (lane == lanes_.end()) continue;
      // The rest waits for its time, or for another one of its key, or for its turn.
      if (job.attempts > 0) {
        handed[job.lane].push_back(job);
      } else if (job.due_time == absl::InfinitePast()) {
        lane->second->Look();
      } else {
        lane->second->LookAt(job.due_time);
      }
    }
    for (auto& [name, of_lane] : handed) lanes_[name]->Hand(std::move(of_lane));
  });
  return numbers;
}

void Jobs::WaitFor(const std::vector<int64_t>& numbers, absl::Duration patience) {
  ledger_->WaitFor(numbers, patience);
}

void Jobs::Hear(const std::string& lane) {
  if (lane.empty()) return Wake();
  if (const auto named = lanes_.find(lane); named != lanes_.end()) named->second->Look();
}

void Jobs::Wake() {
  for (const auto& [name, lane] : lanes_) lane->Look();
}

}  // namespace gatehouse
