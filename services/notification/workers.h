#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "services/common/wakeup.h"
#include "services/notification/domain/sender.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// The threads that send one channel's messages: woken when one is kept, and looking once a second
// for what waits for another attempt or was left behind by a process that died.
class Workers {
 public:
  Workers(Store& store, Channel channel, int threads,
          std::function<std::unique_ptr<Sender>()> make_sender);
  ~Workers();  // Ends what is under way.
  void Wake() { wakeup_.Signal(); }

 private:
  void Run();
  void ReportBacklog();

  Store& store_;
  const Channel channel_;
  const std::function<std::unique_ptr<Sender>()> make_sender_;
  Wakeup wakeup_;
  std::mutex reporting_;
  absl::Time next_report_ = absl::InfinitePast();
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gatehouse::notification
