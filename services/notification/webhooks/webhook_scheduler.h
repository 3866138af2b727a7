#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "services/common/base/wakeup.h"
#include "services/notification/webhooks/store/postgres_webhooks.h"

namespace gatehouse::notification {

// Gives endpoints a turn as soon as something is due there: what happens in this process at once,
// what came due or happened elsewhere within five seconds.
class WebhookScheduler {
 public:
  explicit WebhookScheduler(PostgresWebhooks& store) : store_(store) {}
  ~WebhookScheduler() { Stop(); }

  void Start(Jobs& jobs);
  // After this it does not use the jobs any more.
  void Stop();
  // Something happened in an organisation. Cheap where it has no endpoint.
  void Wake(const std::string& organisation_id);
  // One that has an endpoint from now on.
  void Expect(const std::string& organisation_id);

 private:
  void Run();
  void ScheduleAll();

  PostgresWebhooks& store_;
  Jobs* jobs_ = nullptr;
  std::mutex mutex_;
  std::set<std::string> known_;  // That have an endpoint.
  std::set<std::string> woken_;
  Wakeup wakeup_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace gatehouse::notification
