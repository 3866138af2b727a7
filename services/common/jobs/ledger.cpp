#include "services/common/jobs/ledger.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

// How long what is done waits for more to be removed with it.
constexpr absl::Duration kGathering = absl::Milliseconds(20);
// How often the table is asked about jobs that another replica may have.
constexpr absl::Duration kLook = absl::Milliseconds(20);
constexpr absl::Duration kHouse = absl::Seconds(15);
constexpr int kRepairedAtOnce = 1000;

void ReportOutbox(const std::string& lane, const JobStore::Backlog& backlog) {
  const auto rows = [&](const char* state, int64_t count) {
    SetGauge("gatehouse_outbox_rows", {{"lane", lane}, {"state", state}},
             static_cast<double>(count));
  };
  rows("due", backlog.waiting);
  rows("dead", backlog.dead);
  SetGauge("gatehouse_outbox_oldest_seconds", {{"lane", lane}},
           absl::ToDoubleSeconds(backlog.oldest));
}

}  // namespace

JobLedger::JobLedger(const JobStore& store, std::function<void()> let_go,
                     std::vector<std::string> lanes, Report report)
    : store_(store),
      let_go_(std::move(let_go)),
      lanes_(std::move(lanes)),
      report_(report == nullptr ? ReportOutbox : std::move(report)),
      thread_([this] { Run(); }) {}

JobLedger::~JobLedger() {
  stopping_ = true;
  wakeup_.Signal();
  thread_.join();
}

void JobLedger::Expect(const std::vector<int64_t>& numbers) {
  const std::lock_guard lock(mutex_);
  expected_.insert(numbers.begin(), numbers.end());
}

JobLedger::Waiter* JobLedger::TellOver(int64_t number) {
  expected_.erase(number);
  const auto waiting = waiting_.find(number);
  if (waiting == waiting_.end()) return nullptr;
  Waiter* const waiter = waiting->second;
  if (--waiter->left == 0) waiter->none_left.notify_one();
  waiting_.erase(waiting);
  return waiter;
}

void JobLedger::Done(int64_t number) {
  {
    const std::lock_guard lock(mutex_);
    to_remove_.push_back(number);
    removing_.insert(number);
    TellOver(number);
  }
  wakeup_.Signal();
}

void JobLedger::Forget(int64_t number) {
  const std::lock_guard lock(mutex_);
  if (Waiter* const waiter = TellOver(number)) waiter->forgotten.push_back(number);
}

void JobLedger::WaitFor(const std::vector<int64_t>& numbers, absl::Duration patience) {
  const absl::Time end = absl::Now() + patience;
  std::vector<int64_t> elsewhere;
  {
    std::unique_lock lock(mutex_);
    Waiter waiter;
    for (const int64_t number : numbers) {
      if (expected_.count(number) != 0 && waiting_.emplace(number, &waiter).second) {
        ++waiter.left;
      } else if (removing_.count(number) == 0) {
        elsewhere.push_back(number);
      }
    }
    waiter.none_left.wait_for(lock, absl::ToChronoMilliseconds(patience),
                              [&] { return waiter.left == 0; });
    for (const int64_t number : numbers) waiting_.erase(number);
    elsewhere.insert(elsewhere.end(), waiter.forgotten.begin(), waiter.forgotten.end());
  }
  // Those that were removed before this began are not remembered, and cost one look.
  while (!elsewhere.empty() && absl::Now() < end) {
    auto remaining = store_.Remaining(elsewhere);
    if (!remaining.ok() || remaining->empty()) return;
    elsewhere = *std::move(remaining);
    absl::SleepFor(std::min(kLook, end - absl::Now()));
  }
}

void JobLedger::Run() {
  while (true) {
    const bool last = stopping_;
    std::vector<int64_t> numbers;
    {
      const std::lock_guard lock(mutex_);
      numbers.swap(to_remove_);
    }
    if (!numbers.empty()) {
      Remove(numbers);
    } else if (last) {
      return;
    } else {
      KeepHouse();
      wakeup_.Wait(absl::Seconds(1));
      if (!stopping_) absl::SleepFor(kGathering);
    }
  }
}

// What cannot be removed now is done once more when its lease ends, under the same id.
void JobLedger::Remove(const std::vector<int64_t>& numbers) {
  const auto let_go = store_.Remove(numbers);
  {
    const std::lock_guard lock(mutex_);
    for (const int64_t number : numbers) removing_.erase(number);
  }
  if (let_go.ok() && *let_go) let_go_();
}

void JobLedger::KeepHouse() {
  if (absl::Now() < next_house_) return;
  next_house_ = absl::Now() + kHouse;
  (void)store_.Repair(kRepairedAtOnce, repaired_);
  ReportBacklog();
}

void JobLedger::ReportBacklog() {
  for (const std::string& lane : lanes_) {
    if (const auto backlog = store_.LookAt(lane); backlog.ok()) report_(lane, *backlog);
  }
}

}  // namespace gatehouse
