#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/wakeup.h"

namespace gatehouse::notification {

// Tells those who wait for an organisation's feed to grow: of what this process publishes at once,
// of what another one does within a second, by one query for all of them. Thread-safe.
class FeedWatch {
 public:
  // By organisation the number of its newest event.
  using Numbers = std::map<std::string, int64_t>;
  using Look = std::function<absl::StatusOr<Numbers>(const std::vector<std::string>&)>;
  explicit FeedWatch(Look look);
  ~FeedWatch();

  // Calls `tell`, once and on any thread, when the feed may have grown, or at `until`. `tell` takes
  // no lock that is held while a method of this class is called. Whoever reads the feed after this
  // misses nothing: what comes later, it is told of.
  void Wait(const void* who, const std::string& organisation_id, absl::Time until,
            std::function<void()> tell);
  // After this it is not told any more.
  void Forget(const void* who);
  // The feed has grown, by this process.
  void Published(const std::string& organisation_id);

 private:
  struct Waiter {
    absl::Time until;
    std::function<void()> tell;
  };
  void Run();
  void LookForNews();
  void TellLate();
  // With the lock held.
  void Tell(std::map<const void*, Waiter>& waiters);

  const Look look_;
  std::mutex mutex_;
  std::map<std::string, std::map<const void*, Waiter>> waiting_;  // By organisation.
  std::map<const void*, std::string> organisations_;              // Of who waits.
  Numbers known_;  // As of the last look; of the thread alone.
  Wakeup wakeup_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace gatehouse::notification
