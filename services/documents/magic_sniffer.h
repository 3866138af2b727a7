#pragma once

#include "services/documents/domain/uploads.h"

namespace gatehouse::documents {

// libmagic. A handle serves one thread, so each thread has its own.
class MagicSniffer : public TypeSniffer {
 public:
  absl::StatusOr<std::string> Sniff(const std::string& bytes) const override;
};

}  // namespace gatehouse::documents
