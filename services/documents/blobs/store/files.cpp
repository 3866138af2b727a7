#include "services/documents/blobs/store/files.h"

#include <cerrno>
#include <cstring>

#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::documents {
namespace {

// Room is made by people, a mount often comes back by itself.
constexpr absl::Duration kUntilRoom = absl::Seconds(60);
constexpr absl::Duration kUntilBack = absl::Seconds(5);

absl::Status Unavailable(const char* what, const char* why) {
  LogWarning("blobs.failed", {{"what", what}, {"error", why}});
  Count("gatehouse_storage_failures_total", {{"reason", "unavailable"}});
  return RefuseUntil(v1::STORAGE_UNAVAILABLE,
                     "documents can neither be stored nor read right now: try again later",
                     kUntilBack);
}

}  // namespace

absl::Status FromErrno(const char* what) {
  if (errno != ENOSPC && errno != EDQUOT) return Unavailable(what, strerror(errno));
  Count("gatehouse_storage_failures_total", {{"reason", "full"}});
  return RefuseUntil(v1::STORAGE_FULL, "there is no room for the document: try again later",
                     kUntilRoom);
}

absl::Status NoStore() { return Unavailable("find the store", "the folder has no marker"); }

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
