#include "services/common/rpc/worker_pool.h"

#include <utility>

namespace gatehouse {

WorkerPool::WorkerPool(const char* name, int threads, size_t waiting_max)
    : waiting_max_(waiting_max), gauges_([this, name] {
        const std::lock_guard lock(mutex_);
        SetGauge("gatehouse_workers", {{"pool", name}, {"state", "busy"}}, busy_);
        SetGauge("gatehouse_workers", {{"pool", name}, {"state", "waiting"}},
                 static_cast<double>(waiting_.size()));
      }) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

void WorkerPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool WorkerPool::Run(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= waiting_max_) return false;
    waiting_.push_back(std::move(work));
  }
  arrived_.notify_one();
  return true;
}

void WorkerPool::Work() {
  while (true) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    ++busy_;
    lock.unlock();
    work();
    lock.lock();
    --busy_;
  }
}

}  // namespace gatehouse
