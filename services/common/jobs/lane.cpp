#include "services/common/jobs/lane.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

constexpr size_t kMostDueTimes = 1024;
constexpr absl::Duration kTellEvery = absl::Milliseconds(100);
// So long a wait may last although something that nobody signals has happened.
constexpr absl::Duration kWait = absl::Seconds(1);
constexpr JobPriority kPriorities[] = {JobPriority::kUrgent, JobPriority::kNormal};

size_t Index(JobPriority priority) { return static_cast<size_t>(priority); }

// Whether what the lane goes to is to blame, rather than the job.
bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

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

// Half of it by chance, so that what failed together does not come back together.
absl::Duration Backoff(int failures, const LaneOptions& options) {
  const absl::Duration full = std::min(
      options.retry_most, options.retry_first * std::pow(2, std::clamp(failures, 1, 30) - 1));
  return full * absl::Uniform(absl::BitGen(), 0.5, 1.0);
}

}  // namespace

JobLane::JobLane(std::string name, LaneOptions options, const JobStore& store, JobLedger& ledger)
    : name_(std::move(name)),
      options_(std::move(options)),
      store_(store),
      ledger_(ledger),
      outage_(options_.probe_first, options_.probe_most),
      poll_(options_.poll_first) {}

JobLane::~JobLane() { Stop(); }

void JobLane::Start() {
  SetGauge("gatehouse_lane_away", {{"lane", name_}}, 0);
  thread_ = std::thread([this] { Run(); });
}

void JobLane::Stop() {
  stopping_ = true;
  wakeup_.Signal();
  if (thread_.joinable()) thread_.join();
}

std::vector<JobLane::ChainPointer> JobLane::ChainsOf(std::vector<Job> jobs) {
  std::vector<ChainPointer> chains;
  std::map<std::pair<std::string, std::string>, ChainPointer> of_key;
  for (Job& job : jobs) {
    ChainPointer chain = std::make_shared<Chain>();
    if (!job.key.empty()) {
      const auto [known, is_new] = of_key.try_emplace({job.organisation_id, job.key}, chain);
      if (!is_new) chain = known->second;
    }
    if (chain->jobs.empty()) chains.push_back(chain);
    chain->jobs.push_back(std::move(job));
  }
  return chains;
}

bool JobLane::HasRoom() const {
  if (away_ || stopping_) return false;
  const std::lock_guard lock(mutex_);
  const size_t waiting = ready_[0].size() + ready_[1].size();
  return waiting < static_cast<size_t>(options_.handed);
}

bool JobLane::MayTell() {
  const std::lock_guard lock(mutex_);
  const absl::Time now = absl::Now();
  if (now < next_tell_) return false;
  next_tell_ = now + kTellEvery;
  return true;
}

void JobLane::Hand(std::vector<Job> jobs) {
  {
    const std::lock_guard lock(mutex_);
    for (ChainPointer& chain : ChainsOf(std::move(jobs))) {
      ready_[Index(chain->jobs[0].priority)].push_back(std::move(chain));
    }
  }
  wakeup_.Signal();
}

void JobLane::Look() {
  {
    const std::lock_guard lock(mutex_);
    look_ = {true, true};
  }
  wakeup_.Signal();
}

void JobLane::LookAt(absl::Time time) {
  {
    const std::lock_guard lock(mutex_);
    due_times_.insert(time);
    if (due_times_.size() > kMostDueTimes) due_times_.erase(std::prev(due_times_.end()));
  }
  wakeup_.Signal();
}

void JobLane::Run() {
  while (true) {
    if (SettleEnded()) continue;
    if (stopping_) {
      const std::lock_guard lock(mutex_);
      if (running_ == 0 && ended_.empty()) break;
    }
    if (!stopping_ && (StartReady() || Claim())) continue;
    Wait();
  }
  GiveBackReady();
}

// Until there is something to do, as far as nobody says so.
void JobLane::Wait() {
  absl::Time next = absl::InfiniteFuture();
  if (!stopping_) {
    const std::lock_guard lock(mutex_);
    next = NextLook();
  }
  wakeup_.Wait(std::clamp(next - absl::Now(), absl::Milliseconds(1), kWait));
}

absl::Time JobLane::NextLook() const {
  const absl::Time due =
      due_times_.empty() ? next_look_ : std::min(next_look_, *due_times_.begin());
  const absl::Time now = absl::Now();
  if (outage_.is_on() && running_ == 0 && ended_.empty() && now < outage_.next_probe()) {
    return outage_.next_probe();
  }
  absl::Time next = absl::InfiniteFuture();
  for (const JobPriority priority : kPriorities) {
    if (MayClaim(priority)) next = std::min(next, look_[Index(priority)] ? now : due);
  }
  return next;
}

bool JobLane::MayStart(JobPriority priority) const {
  if (outage_.is_on()) {
    return running_ == 0 && ended_.empty() && absl::Now() >= outage_.next_probe();
  }
  const bool urgent = priority == JobPriority::kUrgent;
  return running_ < options_.at_once - (urgent ? 0 : options_.reserved);
}

bool JobLane::MayClaim(JobPriority priority) const {
  return ready_[Index(priority)].empty() && MayStart(priority);
}

// Counts as running from now on; null: there is none, or none may start.
JobLane::ChainPointer JobLane::NextReady() {
  const std::lock_guard lock(mutex_);
  for (const JobPriority priority : kPriorities) {
    Chains& chains = ready_[Index(priority)];
    if (chains.empty() || !MayStart(priority)) continue;
    ChainPointer chain = std::move(chains.front());
    chains.pop_front();
    ++running_;
    return chain;
  }
  return nullptr;
}

bool JobLane::StartReady() {
  const ChainPointer chain = NextReady();
  if (chain == nullptr) return false;
  // The attempt must end before the lease does.
  if (absl::Now() + options_.timeout > chain->jobs[0].held_until) {
    {
      const std::lock_guard lock(mutex_);
      --running_;
    }
    GiveBack(chain->jobs);
    Look();
    return true;
  }
  chain->probe = outage_.is_on();
  Try(chain);
  return true;
}

bool JobLane::Claim() {
  bool timed = false;
  std::array<bool, 2> look;
  {
    const std::lock_guard lock(mutex_);
    const absl::Time now = absl::Now();
    timed = now >= next_look_ || (!due_times_.empty() && now >= *due_times_.begin());
    if (timed) {
      look_ = {true, true};
      next_look_ = now + poll_;
      due_times_.erase(due_times_.begin(), due_times_.upper_bound(now));
    }
    for (const JobPriority priority : kPriorities) {
      look[Index(priority)] = look_[Index(priority)] && MayClaim(priority);
      if (look[Index(priority)]) look_[Index(priority)] = false;
    }
  }
  bool found = false;
  for (const JobPriority priority : kPriorities) {
    if (look[Index(priority)]) found = ClaimOf(priority) || found;
    // What was urgent is the probe.
    if (found && outage_.is_on()) {
      Look();
      return true;
    }
  }
  // Where many organisations have what is due much later, looking at each costs something.
  if (timed) poll_ = found ? options_.poll_first : std::min(2 * poll_, options_.poll_most);
  return found;
}

// As much as will soon have its turn.
bool JobLane::ClaimOf(JobPriority priority) {
  const int many = outage_.is_on() ? 1 : options_.at_once;
  std::string& organisation = organisation_[Index(priority)];
  const bool from_start = organisation.empty();
  const auto take = [&] {
    return store_.Take({.lane = name_,
                        .priority = priority,
                        .limit = many,
                        .organisations = outage_.is_on() ? 1 : 2 * many,
                        .lease = options_.lease,
                        .durable = options_.durable},
                       organisation);
  };
  auto taken = take();
  // Where nothing is due at these organisations, those after them are asked at once: a look that
  // began with the first one and found nothing has seen them all, and rests.
  while (taken.ok() && taken->empty() && !organisation.empty() && !stopping_) taken = take();
  if (!taken.ok()) return false;
  // There may be more: of the same organisations, of those after them, or of those before the one
  // where this look began.
  const bool more = !taken->empty() || !from_start;
  if (more) {
    const std::lock_guard lock(mutex_);
    look_[Index(priority)] = true;
  }
  if (taken->empty()) return more;
  std::vector<int64_t> numbers;
  for (const Job& job : *taken) numbers.push_back(job.number);
  ledger_.Expect(numbers);
  Hand(*std::move(taken));
  return true;
}

// A chain goes on while it succeeds, and while another attempt has time within the lease.
void JobLane::Try(const ChainPointer& chain) {
  const Job& job = chain->jobs[chain->next];
  const bool expired = job.expire_time <= absl::Now();
  const bool refused = !job.readable && !options_.unreadable;
  chain->asked = !expired && !refused;
  Call call;
  call.trace = ParseTraceparent(job.traceparent).value_or(Trace());
  const CallScope scope(call);
  const auto done = [this, chain](absl::Status status) { Ended(chain, std::move(status)); };
  if (refused) return done(absl::DataLossError("sealed under another key"));
  if (!expired) return options_.work(job, done);
  if (options_.expire == nullptr) return done(absl::OkStatus());
  options_.expire(job, done);
}

void JobLane::Ended(const ChainPointer& chain, absl::Status status) {
  const Job& job = chain->jobs[chain->next];
  Count("gatehouse_outbox_deliveries_total",
        {{"method", job.kind}, {"code", absl::StatusCodeToString(status.code())}});
  chain->outcome = std::move(status);
  if (chain->outcome.ok()) {
    chain->answered = chain->answered || chain->asked;
    ledger_.Done(job.number);
    ++chain->next;
    if (chain->next < chain->jobs.size() && !stopping_ &&
        absl::Now() + options_.timeout <= chain->jobs[chain->next].held_until) {
      return Try(chain);
    }
  }
  const std::lock_guard lock(mutex_);
  --running_;
  ended_.push_back(chain);
  // Within the lock: the lane may be gone once it is seen that nothing runs.
  wakeup_.Signal();
}

bool JobLane::SettleEnded() {
  std::vector<ChainPointer> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  for (const ChainPointer& chain : ended) Settle(*chain);
  return !ended.empty();
}

// What is left of a chain: the job that failed, and those that wait for it.
void JobLane::Settle(const Chain& chain) {
  if (chain.answered) Resume();
  if (chain.next == chain.jobs.size()) return;
  const bool failed = !chain.outcome.ok();
  const std::vector<Job> untried(chain.jobs.begin() + chain.next + (failed ? 1 : 0),
                                 chain.jobs.end());
  // What the database does not hear of is tried again when the lease ends. What comes after a job
  // that failed will be found to wait for it.
  GiveBack(untried);
  if (!failed) return Look();
  const Job& job = chain.jobs[chain.next];
  ledger_.Forget(job.number);
  Failed(chain, job);
}

void JobLane::Failed(const Chain& chain, const Job& job) {
  const absl::Status& outcome = chain.outcome;
  const bool dead = !MayRecover(outcome), away = chain.asked && IsAway(outcome);
  (dead ? LogError : LogWarning)(dead ? "outbox.dead" : "outbox.postponed",
                                 {{"id", job.id},
                                  {"method", job.kind},
                                  {"attempts", absl::StrCat(job.attempts)},
                                  {"code", absl::StatusCodeToString(outcome.code())},
                                  {"reason", ReasonOf(outcome)}});
  // Who refuses is there; what met another one says nothing.
  if (chain.asked && !away && !absl::IsAborted(outcome)) Resume();
  if (dead) {
    if (const auto let_go = store_.GiveUp(job); let_go.ok() && *let_go) Look();
    return;
  }
  const absl::Time now = absl::Now();
  const bool begins = away && outage_.Failed(now, chain.probe, WaitAskedBy(outcome));
  const bool paused = away && outage_.is_on();
  const absl::Duration wait =
      paused ? outage_.next_probe() - now
             : std::max(Backoff(job.failures + 1, options_), WaitAskedBy(outcome));
  (void)store_.Postpone(job, wait, paused);
  LookAt(now + wait);
  if (begins) Begin();
  if (away && !paused) suspects_.push_back(job);
}

// The lane is paused as a whole: what it took and did not try is anybody's, and those that failed
// first failed for the same reason.
void JobLane::Begin() {
  LogWarning("lane.away", {{"lane", name_}});
  SetGauge("gatehouse_lane_away", {{"lane", name_}}, 1);
  away_ = true;
  (void)store_.Pause(suspects_);
  suspects_.clear();
  GiveBackReady();
  Look();
}

// The destination answers.
void JobLane::Resume() {
  suspects_.clear();
  if (!outage_.Answered()) return;
  LogInfo("lane.back", {{"lane", name_}});
  SetGauge("gatehouse_lane_away", {{"lane", name_}}, 0);
  away_ = false;
  (void)store_.Resume(name_);
  Look();
}

void JobLane::GiveBackReady() {
  std::vector<Job> untried;
  {
    const std::lock_guard lock(mutex_);
    for (Chains& chains : ready_) {
      for (const ChainPointer& chain : chains) {
        untried.insert(untried.end(), chain->jobs.begin(), chain->jobs.end());
      }
      chains.clear();
    }
  }
  GiveBack(untried);
}

void JobLane::GiveBack(const std::vector<Job>& jobs) {
  for (const Job& job : jobs) ledger_.Forget(job.number);
  (void)store_.GiveBack(jobs);
}

}  // namespace gatehouse
