#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "absl/status/status.h"

namespace gatehouse::documents {

// What `errno` means to who wanted to store or read: STORAGE_FULL, or STORAGE_UNAVAILABLE, which is
// logged with `what` was tried. Both say when to come back.
absl::Status FromErrno(const char* what);
// There is a folder, and it is no store: see store_marker.h.
absl::Status NoStore();

// An open file, closed with it.
class File {
 public:
  File(const std::filesystem::path& path, int flags)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

// So that what was written, or named in a folder, survives a power failure.
absl::Status FlushFile(const std::filesystem::path& path);
absl::Status FlushFolder(const std::filesystem::path& path);

}  // namespace gatehouse::documents
