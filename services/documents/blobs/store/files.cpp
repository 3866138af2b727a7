#include "services/documents/blobs/store/files.h"

#include <cerrno>
#include <cstring>

#include "services/common/base/status.h"
#include "services/documents/blobs/store/failures.h"

namespace gatehouse::documents {

absl::Status FromErrno(const char* what) {
  return errno == ENOSPC || errno == EDQUOT ? StoreFull() : StoreAway(what, strerror(errno));
}

absl::Status NoStore() { return StoreAway("find the store", "it has no marker"); }

absl::Status ReadAt(const File& file, int64_t offset, size_t size, std::string& bytes) {
  bytes.resize(size);
  size_t done = 0;
  while (done < size) {
    const ssize_t n =
        pread(file.fd(), bytes.data() + done, size - done, offset + static_cast<int64_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FromErrno("read");
    if (n == 0) break;
    done += n;
  }
  bytes.resize(done);
  return absl::OkStatus();
}

absl::Status WriteAll(const File& file, const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = write(file.fd(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FromErrno("write");
    done += n;
  }
  return absl::OkStatus();
}

absl::Status FlushFile(const std::filesystem::path& path) {
  const File file(path, O_RDONLY);
  if (!file.ok() || fsync(file.fd()) != 0) return FromErrno("flush a file");
  return absl::OkStatus();
}

absl::Status FlushFolder(const std::filesystem::path& path) {
  const File folder(path, O_RDONLY | O_DIRECTORY);
  if (!folder.ok() || fsync(folder.fd()) != 0) return FromErrno("flush a folder");
  return absl::OkStatus();
}

}  // namespace gatehouse::documents
