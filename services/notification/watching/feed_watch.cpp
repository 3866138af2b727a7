#include "services/notification/watching/feed_watch.h"

#include "absl/time/clock.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(1);

}  // namespace

FeedWatch::FeedWatch(Look look) : look_(std::move(look)), thread_([this] { Run(); }) {}

FeedWatch::~FeedWatch() {
  stopping_ = true;
  wakeup_.Signal();
  thread_.join();
}

void FeedWatch::Wait(const void* who, const std::string& organisation_id, absl::Time until,
                     std::function<void()> tell) {
  const std::lock_guard lock(mutex_);
  waiting_[organisation_id][who] = {until, std::move(tell)};
  organisations_[who] = organisation_id;
}

void FeedWatch::Forget(const void* who) {
  const std::lock_guard lock(mutex_);
  const auto found = organisations_.find(who);
  if (found == organisations_.end()) return;
  const auto waiters = waiting_.find(found->second);
  waiters->second.erase(who);
  if (waiters->second.empty()) waiting_.erase(waiters);
  organisations_.erase(found);
}

void FeedWatch::Published(const std::string& organisation_id) {
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(organisation_id);
  if (found == waiting_.end()) return;
  Tell(found->second);
  waiting_.erase(found);
}

void FeedWatch::Tell(std::map<const void*, Waiter>& waiters) {
  for (const auto& [who, waiter] : waiters) {
    organisations_.erase(who);
    waiter.tell();
  }
}

void FeedWatch::Run() {
  while (!stopping_) {
    LookForNews();
    TellLate();
    wakeup_.Wait(kLookEvery);
  }
}

// Who begins to wait while this looks has read nothing yet, and reads what this has seen.
void FeedWatch::LookForNews() {
  std::vector<std::string> organisations;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [organisation_id, waiters] : waiting_) {
      organisations.push_back(organisation_id);
    }
  }
  if (organisations.empty()) return known_.clear();
  const absl::StatusOr<Numbers> numbers = look_(organisations);
  if (!numbers.ok()) return;  // Those who wait are told at their time.
  for (const auto& [organisation_id, number] : *numbers) {
    const auto known = known_.find(organisation_id);
    if (known == known_.end() || known->second != number) Published(organisation_id);
  }
  known_ = *numbers;
}

void FeedWatch::TellLate() {
  const absl::Time now = absl::Now();
  const std::lock_guard lock(mutex_);
  for (auto of = waiting_.begin(); of != waiting_.end();) {
    std::map<const void*, Waiter> late;
    for (auto waiter = of->second.begin(); waiter != of->second.end();) {
      const auto here = waiter++;
      if (here->second.until <= now) late.insert(of->second.extract(here));
    }
    Tell(late);
    of = of->second.empty() ? waiting_.erase(of) : std::next(of);
  }
}

}  // namespace gatehouse::notification
