#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "services/notification/domain/sender.h"
#include "services/notification/domain/store.h"

namespace gatehouse::notification {

// The threads that send one channel's messages. As long as a thread has nothing to do, or at most
// one message waits for each, a message is claimed as it is kept, and handed over. Others are found
// in the store, which is looked at when one is kept, and once a second for what waits for another
// attempt or was left behind by a process that died; until all of them are, nothing overtakes them.
class Workers {
 public:
  Workers(Store& store, Channel channel, int threads,
          std::function<std::unique_ptr<Sender>()> make_sender);
  ~Workers();  // Ends what is under way or was handed over.

  // Keeps the message and has it sent.
  absl::StatusOr<Message> Submit(const NewMessage& message);

 private:
  void Run();
  std::optional<Claim> Next();
  void Send(Sender& sender, const Claim& claim);
  void ReportBacklog();
  bool Reserve();

  Store& store_;
  const Channel channel_;
  const std::function<std::unique_ptr<Sender>()> make_sender_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Claim> handed_;
  // Threads that wait, and messages that are being kept, to be handed over.
  size_t idle_ = 0, reserved_ = 0;
  bool look_ = true, stopping_ = false;  // Whether there may be a message in the store.
  std::vector<std::thread> threads_;

  std::mutex reporting_;
  absl::Time next_report_ = absl::InfinitePast();
};

}  // namespace gatehouse::notification
