#include "services/documents/blobs/collecting.h"

#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::documents {

constexpr absl::Duration kEvery = absl::Hours(1);

Collecting::Collecting(BlobCollector& collector, const Clock& clock)
    : collector_(collector), clock_(clock), thread_([this] { Run(); }) {}

Collecting::~Collecting() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Collecting::Run() {
  std::unique_lock lock(mutex_);
  while (!end_) {
    lock.unlock();
    const auto removed = collector_.Collect(clock_.Now());
    if (!removed.ok()) {
      LogWarning("blobs.not_collected", {{"error", removed.status().ToString()}});
    }
    if (removed.ok() && *removed > 0) Count("gatehouse_blobs_collected_total", {}, *removed);
    lock.lock();
    ended_.wait_for(lock, absl::ToChronoSeconds(kEvery), [this] { return end_; });
  }
}

}  // namespace gatehouse::documents
