#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "services/common/base/wakeup.h"
#include "services/common/jobs/job_store.h"

namespace gatehouse {

// What this process did: it tells who waits, and removes what is done in batches of all lanes.
class JobLedger {
 public:
  using Report = std::function<void(const std::string& lane, const JobStore::Backlog& backlog)>;
  // `let_go` is called when jobs that had waited for others may go; `report` with what waits in
  // each of `lanes`, every 15 seconds. Without it the outbox's metrics say it.
  JobLedger(const JobStore& store, std::function<void()> let_go, std::vector<std::string> lanes,
            Report report);
  ~JobLedger();  // Removes what is left.

  // A job is being worked on here, or will be soon.
  void Expect(const std::vector<int64_t>& numbers);
  void Done(int64_t number);
  // It is not expected to be done here any more.
  void Forget(int64_t number);

  // Until all are done, here or elsewhere.
  void WaitFor(const std::vector<int64_t>& numbers, absl::Duration patience);

 private:
  // Who waits is woken by itself, once the last of its jobs is over.
  struct Waiter {
    int left = 0;
    std::vector<int64_t> forgotten;  // Not to be done here after all.
    std::condition_variable none_left;
  };
  void Run();
  void Remove(const std::vector<int64_t>& numbers);
  void KeepHouse();
  void ReportBacklog();
  // With the lock held; the one who waits for it, if anybody does.
  Waiter* TellOver(int64_t number);

  const JobStore& store_;
  const std::function<void()> let_go_;
  const std::vector<std::string> lanes_;
  const Report report_;
  std::mutex mutex_;
  std::set<int64_t> expected_;
  std::vector<int64_t> to_remove_;
  std::set<int64_t> removing_;  // Done here, and not known to be gone.
  std::map<int64_t, Waiter*> waiting_;
  JobStore::Cursor repaired_;
  absl::Time next_house_ = absl::InfinitePast();
  Wakeup wakeup_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace gatehouse
