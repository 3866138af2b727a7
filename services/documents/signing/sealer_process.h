#pragma once

#include <atomic>
#include <string>

#include "services/documents/child/child.h"
#include "services/documents/signing/domain/sealer.h"
#include "services/documents/signing/seal_key.h"

namespace gatehouse::documents {

using SealerLimits = ChildLimits;

// Of those who wait for it: pages are read fast, or not at all.
constexpr ChildLimits kMeasuringLimits = {
    .cpu_seconds = 8, .memory_bytes = int64_t{320} << 20, .wait = absl::Seconds(20)};
constexpr int kMeasuredAtOnce = 2;  // By one process; each holds a thread and a child's memory.

// Has the document made ready by the program gatehouse-sealer, a child with limits and without the
// key, and signs what comes back.
class SealerProcess : public Sealer {
 public:
  SealerProcess(std::string program, const SealKey& key, SealerLimits limits = {})
      : program_(std::move(program)), key_(key), limits_(limits) {}
  absl::StatusOr<Sealed> Seal(const SealOrder& order) override;
  absl::StatusOr<Measured> Measure(BlobReader& document, int64_t size) override;

 private:
  const std::string program_;
  const SealKey& key_;
  const SealerLimits limits_;
  std::atomic<int> measuring_ = 0;
};

}  // namespace gatehouse::documents
