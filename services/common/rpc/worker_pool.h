#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "services/common/observe/metrics.h"

namespace gatehouse {

// A fixed number of threads and a bounded queue before them.
class WorkerPool {
 public:
  // `name` is what its metrics call it.
  WorkerPool(const char* name, int threads, size_t waiting_max);
  ~WorkerPool() { Stop(); }

  // False if the queue is full or the pool has stopped: the work is not taken.
  [[nodiscard]] bool Run(std::function<void()> work);
  // Runs what waits, and takes nothing any more. Not by two threads at once.
  void Stop();

 private:
  void Work();

  const size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> waiting_;
  int busy_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
  const GaugeSource gauges_;  // Last: it reads the others.
};

}  // namespace gatehouse
