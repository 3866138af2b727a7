#include "services/common/process/readiness.h"

#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/observe/log.h"

namespace gatehouse {

Readiness::Readiness(Check check) : Readiness(std::move(check), Pace()) {}

Readiness::Readiness(Check check, Pace pace)
    : check_(std::move(check)),
      pace_(pace),
      last_(check_ == nullptr ? absl::OkStatus() : absl::UnavailableError("starting")),
      begun_(absl::InfiniteFuture()),
      gauge_([this] { SetGauge("gatehouse_ready", {}, Now().ok() ? 1 : 0); }) {
  if (check_ != nullptr) thread_ = std::thread([this] { Run(); });
}

Readiness::~Readiness() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  if (thread_.joinable()) thread_.join();
}

absl::Status Readiness::Now() const {
  if (draining_) return absl::UnavailableError("draining");
  const std::lock_guard lock(mutex_);
  if (last_.ok() && absl::Now() - begun_ > pace_.stale) {
    return absl::UnavailableError("the stores have not answered for seconds");
  }
  return last_;
}

void Readiness::Run() {
  std::unique_lock lock(mutex_);
  bool ready = true;  // As the log has it: one that starts unready says why.
  while (!end_) {
    begun_ = absl::Now();
    lock.unlock();
    Call call;
    call.deadline = absl::Now() + pace_.patience;
    absl::Status status;
    {
      const CallScope scope(call);
      status = check_();
    }
    lock.lock();
    begun_ = absl::InfiniteFuture();
    if (ready && !status.ok()) {
      LogWarning("ready.lost", {{"error", std::string(status.message())}});
    } else if (!ready && status.ok()) {
      LogInfo("ready.back");
    }
    ready = status.ok();
    last_ = std::move(status);
    ended_.wait_for(lock, absl::ToChronoMilliseconds(pace_.every), [this] { return end_; });
  }
}

}  // namespace gatehouse
