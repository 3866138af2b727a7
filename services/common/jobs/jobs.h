#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/base/secret.h"
#include "services/common/jobs/job_store.h"
#include "services/common/jobs/ledger.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// The one way in which work waits: a row, written in the transaction that asks for it, is worked on
// until that succeeds, at least once, by whichever replica comes first.
//
// - Each lane has a thread of its own: one that hangs delays what is in it, and nothing else.
// - Who writes a job that is due has it: it is worked on right after the commit, without a claim.
//   What another process left, or what came due, is looked for within five seconds.
// - Organisations take turns, whatever each has waiting. The cost does not grow with the backlog.
// - A failure that may pass is tried again, after 0.1 s to a minute; another one is kept as dead.
class Jobs {
 public:
  // OK: the job is done.
  using Done = std::function<void(absl::Status)>;
  // Works on a job, for kJobTimeout at most, and calls `done` once, on whatever thread, now or
  // later.
  using Work = std::function<void(const Job& job, Done done)>;

  struct Options {
    Secret key;                         // Seals payloads at rest.
    std::map<std::string, Work> lanes;  // By name. Jobs of other lanes are left to others.
  };
  Jobs(Postgres& postgres, Options options);
  ~Jobs();  // Waits for what is being worked on.

  // Adds jobs to the transaction, in their order; the numbers of those that are due at once.
  std::vector<int64_t> Add(Transaction& transaction, std::vector<Job> jobs);

  // Waits until these are done, by whichever replica, or `patience` has passed.
  void WaitFor(const std::vector<int64_t>& numbers, absl::Duration patience);

  // Looks for due jobs now rather than within five seconds.
  void Wake();

 private:
  class Lane;
  const JobStore store_;
  std::unique_ptr<JobLedger> ledger_;
  std::map<std::string, std::unique_ptr<Lane>> lanes_;
  std::vector<std::string> lane_names_;
};

// How long one attempt may take: what began in time ends before the lease does.
constexpr absl::Duration kJobTimeout = absl::Seconds(5);

}  // namespace gatehouse
