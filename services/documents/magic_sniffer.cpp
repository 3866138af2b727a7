#include "services/documents/magic_sniffer.h"

#include <magic.h>

#include <memory>

namespace gatehouse::documents {

absl::StatusOr<std::string> MagicSniffer::Sniff(const std::string& bytes) const {
  thread_local const std::unique_ptr<magic_set, decltype(&magic_close)> magic = [] {
    std::unique_ptr<magic_set, decltype(&magic_close)> made(magic_open(MAGIC_MIME_TYPE),
                                                            magic_close);
    if (made != nullptr && magic_load(made.get(), nullptr) != 0) made.reset();
    return made;
  }();
  if (magic == nullptr) return absl::InternalError("libmagic does not load");
  const char* type = magic_buffer(magic.get(), bytes.data(), bytes.size());
  if (type == nullptr) return absl::InternalError("libmagic failed");
  return std::string(type);
}

}  // namespace gatehouse::documents
