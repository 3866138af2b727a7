#pragma once

#include <memory>
#include <mutex>

#include "services/documents/uploads/domain/content_type.h"

struct magic_set;

namespace gatehouse::documents {

// libmagic. Its database is 8 MiB and a handle of its own grows by 3 more, while it is at work for
// 1 ms per file: one handle serves all threads, one after the other. Thread-safe.
class MagicSniffer : public TypeSniffer {
 public:
  static absl::StatusOr<std::unique_ptr<MagicSniffer>> Open();
  ~MagicSniffer() override;
  absl::StatusOr<std::string> Sniff(const std::string& head) const override;

 private:
  explicit MagicSniffer(magic_set* magic) : magic_(magic) {}

  mutable std::mutex mutex_;
  magic_set* const magic_;
};

}  // namespace gatehouse::documents
