#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "services/common/base/clock.h"
#include "services/documents/blobs/domain/collector.h"

namespace gatehouse::documents {

// Collects every hour, on a thread of its own, while it lives.
class Collecting {
 public:
  Collecting(BlobCollector& collector, const Clock& clock);
  ~Collecting();

 private:
  void Run();

  BlobCollector& collector_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace gatehouse::documents
