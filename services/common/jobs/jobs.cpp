#include "services/common/jobs/jobs.h"

#include <atomic>
#include <cmath>
#include <deque>
#include <latch>
#include <mutex>
#include <thread>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/base/wakeup.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

constexpr int kBatch = 64;
constexpr size_t kMostHanded = 1024;
constexpr absl::Duration kPoll = absl::Seconds(1), kIdlePoll = absl::Seconds(5);

// Whether trying again may help: something was away or failed, rather than refused.
bool MayRecover(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnauthenticated:
      return true;
    default:
      return false;
  }
}

absl::Duration Backoff(int attempts) {
  const double full = std::min(60.0, 0.1 * std::pow(2, std::min(attempts - 1, 20)));
  return absl::Seconds(absl::Uniform(absl::BitGen(), full / 2, full));
}

// Jobs that must be done one after the other: all of one key, or one without.
struct Chain {
  std::vector<Job> jobs;
  size_t next = 0;
  absl::Status outcome;  // Of the last one that was worked on.
};

std::vector<Chain> ChainsOf(std::vector<Job> jobs) {
  std::vector<Chain> chains;
  std::map<std::pair<std::string, std::string>, size_t> of_key;
  for (Job& job : jobs) {
    if (job.key.empty()) {
      chains.emplace_back().jobs.push_back(std::move(job));
      continue;
    }
    const auto [place, is_new] = of_key.try_emplace({job.organisation_id, job.key}, chains.size());
    if (is_new) chains.emplace_back();
    chains[place->second].jobs.push_back(std::move(job));
  }
  return chains;
}

}  // namespace

class Jobs::Lane {
 public:
  Lane(std::string name, Work work, const JobStore& store, JobLedger& ledger)
      : name_(std::move(name)), work_(std::move(work)), store_(store), ledger_(ledger) {}

  void Start() {
    thread_ = std::thread([this] { Run(); });
  }
  void Stop() {
    stopping_ = true;
    wakeup_.Signal();
    thread_.join();
  }

  // Jobs that were taken at `time`. Too many are left to whoever finds them when their lease ends.
  void Hand(std::vector<Job> jobs, absl::Time time) {
    {
      const std::lock_guard lock(mutex_);
      for (Job& job : jobs) {
        if (handed_.size() >= kMostHanded) {
          ledger_.Forget(job.number);
        } else {
          handed_.push_back({std::move(job), time});
        }
      }
    }
    wakeup_.Signal();
  }

  void Look() {
    look_ = true;
    wakeup_.Signal();
  }

 private:
  struct Handed {
    Job job;
    absl::Time time;
  };

  void Run() {
    while (!stopping_) {
      std::vector<Job> jobs = TakeHanded();
      const bool full = jobs.size() == kBatch;
      // What waits in the table has its turn also while there is always something handed over.
      if (absl::Now() >= next_look_ || (!full && look_)) Claim(jobs);
      if (jobs.empty()) {
        if (!look_) wakeup_.Wait(std::min(kPoll, next_look_ - absl::Now()));
        continue;
      }
      DoAll(std::move(jobs));
    }
  }

  std::vector<Job> TakeHanded() {
    const std::lock_guard lock(mutex_);
    std::vector<Job> jobs;
    while (!handed_.empty() && jobs.size() < kBatch) {
      Handed first = std::move(handed_.front());
      handed_.pop_front();
      // The attempt must end before the lease does.
      if (absl::Now() + kJobTimeout < first.time + kJobLease) {
        jobs.push_back(std::move(first.job));
      } else {
        ledger_.Forget(first.job.number);
      }
    }
    return jobs;
  }

  void Claim(std::vector<Job>& jobs) {
    look_ = false;
    next_look_ = absl::Now() + poll_;
    auto taken = store_.Take(name_, kBatch, organisation_);
    if (!taken.ok()) return;
    // There may be more, of the same organisations or of those after them.
    if (!taken->empty() || !organisation_.empty()) look_ = true;
    // Where many organisations have what is due much later, looking at each costs something.
    poll_ = taken->empty() ? std::min(2 * poll_, kIdlePoll) : kPoll;
    std::vector<int64_t> numbers;
    for (Job& job : *taken) {
      numbers.push_back(job.number);
      jobs.push_back(std::move(job));
    }
    ledger_.Expect(numbers);
  }

  void DoAll(std::vector<Job> jobs) {
    std::vector<Chain> chains = ChainsOf(std::move(jobs));
    std::latch open(static_cast<ptrdiff_t>(chains.size()));
    const absl::Time end = absl::Now() + kJobTimeout / 2;
    for (Chain& chain : chains) DoNext(chain, open, end);
    open.wait();
    for (const Chain& chain : chains) Settle(chain);
  }

  // A chain goes on while it succeeds, and while another attempt has time within the lease.
  void DoNext(Chain& chain, std::latch& open, absl::Time end) {
    const Job& job = chain.jobs[chain.next];
    Call call;
    call.trace = ParseTraceparent(job.traceparent).value_or(Trace());
    const CallScope scope(call);
    work_(job, [this, &chain, &open, end](absl::Status status) {
      const Job& job = chain.jobs[chain.next];
      Count("gatehouse_outbox_deliveries_total",
            {{"method", job.kind}, {"code", absl::StatusCodeToString(status.code())}});
      chain.outcome = std::move(status);
      if (chain.outcome.ok()) {
        ledger_.Done(job.number);
        ++chain.next;
      }
      if (chain.outcome.ok() && chain.next < chain.jobs.size() && absl::Now() < end) {
        DoNext(chain, open, end);
      } else {
        open.count_down();
      }
    });
  }

  // What is left of a chain: the job that failed, and those that wait for it.
  void Settle(const Chain& chain) {
    if (chain.next == chain.jobs.size()) return;
    std::vector<int64_t> untried;
    const bool failed = !chain.outcome.ok();
    for (size_t i = chain.next; i < chain.jobs.size(); ++i) {
      ledger_.Forget(chain.jobs[i].number);
      if (i > chain.next || !failed) untried.push_back(chain.jobs[i].number);
    }
    // What the database does not hear of is tried again when the lease ends. What comes after a job
    // that failed will be found to wait for it.
    (void)store_.GiveBack(untried);
    if (!failed) return Look();
    const Job& job = chain.jobs[chain.next];
    const bool dead = !MayRecover(chain.outcome);
    (dead ? LogError : LogWarning)(dead ? "outbox.dead" : "outbox.postponed",
                                   {{"id", job.id},
                                    {"method", job.kind},
                                    {"attempts", absl::StrCat(job.attempts)},
                                    {"code", absl::StatusCodeToString(chain.outcome.code())},
                                    {"reason", ReasonOf(chain.outcome)}});
    if (!dead) {
      const absl::Duration wait = Backoff(job.attempts);
      (void)store_.Postpone(job.number, wait);
      next_look_ = std::min(next_look_, absl::Now() + wait);
    } else if (const auto let_go = store_.GiveUp(job.number); let_go.ok() && *let_go) {
      Look();
    }
  }

  const std::string name_;
  const Work work_;
  const JobStore& store_;
  JobLedger& ledger_;
  std::mutex mutex_;
  std::deque<Handed> handed_;
  std::string organisation_;  // The last one that had its turn.
  std::atomic<bool> look_ = true;
  absl::Time next_look_ = absl::InfinitePast();
  absl::Duration poll_ = kPoll;
  Wakeup wakeup_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

Jobs::Jobs(Postgres& postgres, Options options)
    : store_(postgres, std::move(options.key)),
      ledger_(std::make_unique<JobLedger>(store_, [this] { Wake(); })) {
  for (auto& [name, work] : options.lanes) {
    lane_names_.push_back(name);
    lanes_[name] = std::make_unique<Lane>(name, std::move(work), store_, *ledger_);
  }
  for (const auto& [name, lane] : lanes_) lane->Start();
}

Jobs::~Jobs() {
  for (const auto& [name, lane] : lanes_) lane->Stop();
  ledger_.reset();
}

std::vector<int64_t> Jobs::Add(Transaction& transaction, std::vector<Job> jobs) {
  store_.Add(transaction, lane_names_, jobs);
  const absl::Time time = absl::Now();
  std::vector<int64_t> numbers, taken;
  for (const Job& job : jobs) {
    if (job.due_time == absl::InfinitePast()) numbers.push_back(job.number);
    if (job.attempts > 0) taken.push_back(job.number);
  }
  transaction.AfterCommit([this, time, taken, jobs = std::move(jobs)] {
    ledger_->Expect(taken);
    std::map<std::string, std::vector<Job>> of_lane;
    for (const Job& job : jobs) {
      std::vector<Job>& handed = of_lane[job.lane];
      if (job.attempts > 0) handed.push_back(job);
    }
    for (auto& [name, handed] : of_lane) {
      const auto lane = lanes_.find(name);
      if (lane == lanes_.end()) continue;
      // The rest waits for its time, or for another one of its key.
      if (handed.empty()) {
        lane->second->Look();
      } else {
        lane->second->Hand(std::move(handed), time);
      }
    }
  });
  return numbers;
}

void Jobs::WaitFor(const std::vector<int64_t>& numbers, absl::Duration patience) {
  ledger_->WaitFor(numbers, patience);
}

void Jobs::Wake() {
  for (const auto& [name, lane] : lanes_) lane->Look();
}

}  // namespace gatehouse
