#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "services/common/wakeup.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// How long to wait after an attempt that failed: doubling from a second to a quarter of an hour,
// half of it by chance, so that what failed together does not come back together.
absl::Duration Backoff(int attempts);

// Hands one claimed message over and records what became of it. What may have been taken already is
// asked after first, so that nothing is sent twice.
void Deliver(Store& store, Sender& sender, const Claim& claim);

// The threads that send one channel's messages: woken when one is kept, and looking once a second.
class Delivery {
 public:
  Delivery(Store& store, Channel channel, int threads,
           std::function<std::unique_ptr<Sender>()> make_sender);
  ~Delivery();
  void Wake() { wakeup_.Signal(); }

 private:
  void Run();

  Store& store_;
  const Channel channel_;
  const std::function<std::unique_ptr<Sender>()> make_sender_;
  Wakeup wakeup_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gatehouse::notification
