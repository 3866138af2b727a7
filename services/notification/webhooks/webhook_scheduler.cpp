#include "services/notification/webhooks/webhook_scheduler.h"

#include "absl/time/clock.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kPoll = absl::Seconds(5);

}  // namespace

void WebhookScheduler::Stop() {
  stopping_ = true;
  wakeup_.Signal();
  if (thread_.joinable()) thread_.join();
}

void WebhookScheduler::Start(Jobs& jobs) {
  jobs_ = &jobs;
  thread_ = std::thread([this] { Run(); });
}

void WebhookScheduler::Wake(const std::string& organisation_id) {
  {
    const std::lock_guard lock(mutex_);
    if (known_.count(organisation_id) == 0) return;
    if (!woken_.insert(organisation_id).second) return;
  }
  wakeup_.Signal();
}

void WebhookScheduler::Expect(const std::string& organisation_id) {
  const std::lock_guard lock(mutex_);
  known_.insert(organisation_id);
}

void WebhookScheduler::Run() {
  absl::Time next_poll = absl::InfinitePast();
  while (!stopping_) {
    if (absl::Now() >= next_poll) {
      next_poll = absl::Now() + kPoll;
      ScheduleAll();
    }
    std::set<std::string> woken;
    {
      const std::lock_guard lock(mutex_);
      woken.swap(woken_);
    }
    // What fails here is found by the next poll.
    if (!woken.empty()) (void)store_.Schedule(*jobs_, {woken.begin(), woken.end()});
    wakeup_.Wait(next_poll - absl::Now());
  }
}

void WebhookScheduler::ScheduleAll() {
  const auto organisations = store_.Organisations();
  if (!organisations.ok()) return;
  {
    const std::lock_guard lock(mutex_);
    known_ = {organisations->begin(), organisations->end()};
  }
  (void)store_.Schedule(*jobs_, {});
}

}  // namespace gatehouse::notification
