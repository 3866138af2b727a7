#include "services/documents/blobs/store/failures.h"

#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::documents {
namespace {

// Room is made by people, a mount or a server often comes back by itself.
constexpr absl::Duration kUntilRoom = absl::Seconds(60);
constexpr absl::Duration kUntilBack = absl::Seconds(5);

}  // namespace

absl::Status StoreAway(const char* what, const std::string& why) {
  LogWarning("blobs.failed", {{"what", what}, {"error", why}});
  Count("gatehouse_storage_failures_total", {{"reason", "unavailable"}});
  return RefuseUntil(v1::STORAGE_UNAVAILABLE,
                     "documents can neither be stored nor read right now: try again later",
                     kUntilBack);
}

absl::Status StoreFull() {
  Count("gatehouse_storage_failures_total", {{"reason", "full"}});
  return RefuseUntil(v1::STORAGE_FULL, "there is no room for the document: try again later",
                     kUntilRoom);
}

}  // namespace gatehouse::documents
