#pragma once

#include <cstdint>

#include "gatehouse/common/v1/erasure.pb.h"

namespace gatehouse {

// How many of a kind a service says that it erased.
inline int64_t CountOf(const common::v1::EraseContactResponse& receipt,
                       common::v1::PersonalData kind) {
  for (const auto& erased : receipt.erased()) {
    if (erased.kind() == kind) return erased.count();
  }
  return 0;
}

}  // namespace gatehouse
