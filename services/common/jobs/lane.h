#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/base/wakeup.h"
#include "services/common/jobs/job.h"
#include "services/common/jobs/job_store.h"
#include "services/common/jobs/ledger.h"
#include "services/common/jobs/outage.h"

namespace gatehouse {

// What a lane does with its jobs, and how many of them at once.
struct LaneOptions {
  LaneOptions() = default;
  template <typename F>
  requires std::invocable<F&, const Job&, JobDone> LaneOptions(F f)
      : work(std::move(f)) {}  // NOLINT: a lane is its work, as a rule.

  JobWork work;
  // Settles a job that has lost its point, without its destination; null: it is removed.
  JobWork expire;
  int at_once = 64;
  int reserved = 0;  // Of these, for urgent ones only.
  // How many that were written here may wait for their turn here, before others are left to the
  // table, where organisations take turns.
  int handed = 1024;
  // How long one attempt may take; and how long a job is ours once it is taken, of which it may
  // wait for its turn what the attempt does not need.
  absl::Duration timeout = absl::Seconds(5), lease = absl::Seconds(10);
  // Between attempts at one job that failed by its own fault, doubling.
  absl::Duration retry_first = absl::Milliseconds(100), retry_most = absl::Seconds(60);
  // How often the table is looked through for what nobody said anything of; less often, to the
  // most, while nothing is found.
  absl::Duration poll_first = absl::Seconds(1), poll_most = absl::Seconds(5);
  // Between probes of a destination that is away, doubling.
  absl::Duration probe_first = absl::Milliseconds(100), probe_most = absl::Seconds(5);
  // Whether it must survive a crash of the database that a job was taken: where an attempt that
  // nobody remembers would be made again as the first.
  bool durable = false;
  // Whether `work` is to have jobs that cannot be opened, too; otherwise they are given up.
  bool unreadable = false;
};

// Works on one lane's jobs, on a thread of its own: those that are handed over, and those that it
// finds in the table. Urgent ones go first.
class JobLane {
 public:
  JobLane(std::string name, LaneOptions options, const JobStore& store, JobLedger& ledger);
  ~JobLane();  // Waits for what is being worked on, and gives the rest back.

  void Start();
  void Stop();

  const LaneOptions& options() const { return options_; }
  // Whether a job that is written now would soon have its turn here: otherwise it is for whoever
  // finds it, in the order of organisations.
  bool HasRoom() const;
  // Whether others are to be told of what is left to them for want of room here, where it will have
  // its turn anyway: ten times a second at most, since whoever tells holds up other commits.
  bool MayTell();
  // Jobs that were taken by this process.
  void Hand(std::vector<Job> jobs);
  // Looks for due jobs in the table now; or, what comes due, at that time.
  void Look();
  void LookAt(absl::Time time);

 private:
  // Jobs that must be done one after the other: all of one key, or one without.
  struct Chain {
    std::vector<Job> jobs;
    size_t next = 0;
    bool probe = false;
    bool asked = false;     // Whether the destination was, about the last one.
    bool answered = false;  // Whether it did one of them.
    absl::Status outcome;   // Of the last one that was worked on.
  };
  using ChainPointer = std::shared_ptr<Chain>;
  using Chains = std::deque<ChainPointer>;

  static std::vector<ChainPointer> ChainsOf(std::vector<Job> jobs);
  void Run();
  // Each says whether it did anything.
  bool SettleEnded();
  bool StartReady();
  bool Claim();
  bool ClaimOf(JobPriority priority);

  // With the lock held.
  bool MayStart(JobPriority priority) const;
  bool MayClaim(JobPriority priority) const;
  absl::Time NextLook() const;

  ChainPointer NextReady();
  void Try(const ChainPointer& chain);
  void Ended(const ChainPointer& chain, absl::Status status);
  void Settle(const Chain& chain);
  void Failed(const Chain& chain, const Job& job);
  void Begin();
  void Resume();
  void GiveBack(const std::vector<Job>& jobs);
  void GiveBackReady();
  void Wait();

  const std::string name_;
  const LaneOptions options_;
  const JobStore& store_;
  JobLedger& ledger_;
  Wakeup wakeup_;
  std::atomic<bool> stopping_ = false, away_ = false;

  mutable std::mutex mutex_;
  std::array<Chains, 2> ready_;  // By priority.
  std::vector<ChainPointer> ended_;
  int running_ = 0;
  std::array<bool, 2> look_ = {true, true};  // By priority: there may be some in the table.
  absl::Time next_look_ = absl::InfinitePast();
  absl::Time next_tell_ = absl::InfinitePast();
  std::set<absl::Time> due_times_;  // When something known comes due.

  // Of the thread alone.
  Outage outage_;
  std::vector<Job> suspects_;  // What failed in a row, before that was known to be an outage.
  std::array<std::string, 2> organisation_;  // The last one that had its turn, by priority.
  absl::Duration poll_;
  std::thread thread_;
};

}  // namespace gatehouse
