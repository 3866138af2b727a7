#include "services/documents/uploads/magic_sniffer.h"

#include <magic.h>

namespace gatehouse::documents {
namespace {

// What we look at ourselves, or do not want to have taken apart: kinds of text, OLE, archives.
constexpr int kFlags = MAGIC_MIME_TYPE | MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_COMPRESS |
                       MAGIC_NO_CHECK_CSV | MAGIC_NO_CHECK_JSON | MAGIC_NO_CHECK_ELF;

}  // namespace

absl::StatusOr<std::unique_ptr<MagicSniffer>> MagicSniffer::Open() {
  magic_set* const magic = magic_open(kFlags);
  if (magic == nullptr) return absl::InternalError("libmagic does not open");
  std::unique_ptr<MagicSniffer> sniffer(new MagicSniffer(magic));
  if (magic_load(magic, nullptr) != 0) return absl::InternalError("libmagic does not load");
  return sniffer;
}

MagicSniffer::~MagicSniffer() { magic_close(magic_); }

absl::StatusOr<std::string> MagicSniffer::Sniff(const std::string& head) const {
  const std::lock_guard lock(mutex_);
  const char* const type = magic_buffer(magic_, head.data(), head.size());
  if (type == nullptr) return absl::InternalError("libmagic failed");
  return std::string(type);
}

}  // namespace gatehouse::documents
