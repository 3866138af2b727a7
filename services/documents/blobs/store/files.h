#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/status.h"

namespace gatehouse::documents {

// What `errno` means to who wanted to store or read: STORAGE_FULL, or STORAGE_UNAVAILABLE, which is
// logged with `what` was tried. Both say when to come back.
absl::Status FromErrno(const char* what);
// There is a folder, or a bucket, and it bears no marker: see MarkedBlobs.
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

// Up to `size` bytes from `offset`; fewer only at the end.
absl::Status ReadAt(const File& file, int64_t offset, size_t size, std::string& bytes);
// At the file's end.
absl::Status WriteAll(const File& file, const std::string& bytes);

// So that what was written, or named in a folder, survives a power failure.
absl::Status FlushFile(const std::filesystem::path& path);
absl::Status FlushFolder(const std::filesystem::path& path);

}  // namespace gatehouse::documents
