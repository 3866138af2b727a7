#pragma once

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace gatehouse {

// Wakes a worker of this process. A signal given while nobody waits ends the next wait at once.
class Wakeup {
 public:
  void Signal() {
    {
      const std::lock_guard lock(mutex_);
      signalled_ = true;
    }
    arrived_.notify_one();
  }

  void Wait(absl::Duration timeout) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, absl::ToChronoMilliseconds(timeout), [&] { return signalled_; });
    signalled_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  bool signalled_ = false;
};

}  // namespace gatehouse
