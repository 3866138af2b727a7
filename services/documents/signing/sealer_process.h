#pragma once

#include <string>

#include "services/documents/child/child.h"
#include "services/documents/signing/domain/sealer.h"
#include "services/documents/signing/seal_key.h"

namespace gatehouse::documents {

using SealerLimits = ChildLimits;

// Has the document made ready by the program gatehouse-sealer, a child with limits and without the
// key, and signs what comes back.
class SealerProcess : public Sealer {
 public:
  SealerProcess(std::string program, const SealKey& key, SealerLimits limits = {})
      : program_(std::move(program)), key_(key), limits_(limits) {}
  absl::StatusOr<Sealed> Seal(const SealOrder& order) override;

 private:
  const std::string program_;
  const SealKey& key_;
  const SealerLimits limits_;
};

}  // namespace gatehouse::documents
