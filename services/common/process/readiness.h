#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {

// Whether a process should be sent what it can serve, as its last check said. The check runs again
// and again on a thread of its own, under a deadline (Call::Current), since a store that hangs may
// hold it. Whoever asks waits for nothing. A change is logged (ready.lost, ready.back), as is why a
// process that starts is not ready; the gauge gatehouse_ready shows the state. Thread-safe.
class Readiness {
 public:
  using Check = std::function<absl::Status()>;
  struct Pace {
    absl::Duration every = absl::Seconds(1);     // From the end of one check to the next.
    absl::Duration patience = absl::Seconds(2);  // The deadline of one.
    absl::Duration stale = absl::Seconds(5);     // A check that takes longer counts as failed.
  };

  // Null: always ready.
  explicit Readiness(Check check);
  Readiness(Check check, Pace pace);
  ~Readiness();  // Waits for a check under way.

  // OK, or why not. Not ready before the first check has ended.
  absl::Status Now() const;
  // Not ready from now on: the process is leaving.
  void Drain() { draining_ = true; }

 private:
  void Run();

  const Check check_;
  const Pace pace_;
  std::atomic<bool> draining_ = false;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  absl::Status last_;
  absl::Time begun_;  // Of the check under way; InfiniteFuture: none is.
  std::thread thread_;
  const GaugeSource gauge_;  // Last: it reads the others.
};

}  // namespace gatehouse
