#include "services/documents/child/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace gatehouse::documents {

MemoryFile::MemoryFile(const char* name) : descriptor_(memfd_create(name, MFD_CLOEXEC)) {}

MemoryFile::~MemoryFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool MemoryFile::Write(absl::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

std::string MemoryFile::ReadAll() const {
  std::string bytes(static_cast<size_t>(std::max<off_t>(lseek(descriptor_, 0, SEEK_END), 0)), 0);
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t got =
        pread(descriptor_, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got <= 0) return "";
    at += static_cast<size_t>(got);
  }
  return bytes;
}

}  // namespace gatehouse::documents
