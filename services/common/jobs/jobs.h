#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/common/base/secret.h"
#include "services/common/jobs/job_store.h"
#include "services/common/jobs/lane.h"
#include "services/common/jobs/ledger.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// The one way in which work waits: a row, written in the transaction that asks for it, is worked on
// until that succeeds, at least once, by whichever replica comes first.
//
// - Each lane has a thread and a number of attempts at once of its own: one that hangs delays what
//   is in it, and nothing else.
// - Who writes a job that is due has it: it is worked on right after the commit, without a claim.
//   What it leaves to others (it has no such lane, or no room there) they hear of at its commit
//   and look for at once. What a process left that died, or what came due, is looked for within
//   five seconds; behind a pooler, where nobody hears, all is.
// - Urgent jobs go first; organisations take turns, whatever each has waiting. The cost does not
//   grow with the backlog.
// - A failure that may pass is tried again, after 0.1 s to a minute; another one is kept as dead.
// - A lane whose destination is away (see Outage) is paused as a whole, by each replica for itself,
//   and probed. When it is back all that failed meanwhile is due at once.
class Jobs {
 public:
  using Done = JobDone;
  using Work = JobWork;

  struct Options {
    Secret key;                                // Seals payloads at rest.
    std::map<std::string, LaneOptions> lanes;  // By name. Jobs of other lanes are left to others.
    // Is told what waits in each of these lanes, every 15 seconds; null: the outbox's metrics are.
    JobLedger::Report report = nullptr;
  };
  Jobs(Postgres& postgres, Options options);
  ~Jobs();  // Waits for what is being worked on, and gives the rest back.

  // Adds jobs to the transaction, in their order; the numbers of those that are due at once.
  std::vector<int64_t> Add(Transaction& transaction, std::vector<Job> jobs);

  // Waits until these are done, by whichever replica, or `patience` has passed.
  void WaitFor(const std::vector<int64_t>& numbers, absl::Duration patience);

  // Looks for due jobs now rather than within five seconds.
  void Wake();

 private:
  // Somebody added to a lane; to any one, where it is empty.
  void Hear(const std::string& lane);

  const JobStore store_;
  std::unique_ptr<JobLedger> ledger_;
  std::map<std::string, std::unique_ptr<JobLane>> lanes_;
  std::shared_ptr<void> listening_;
};

}  // namespace gatehouse
