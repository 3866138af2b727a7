#include "services/documents/blobs/store/store_marker.h"

#include <unistd.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/documents/blobs/store/files.h"

namespace gatehouse::documents {
namespace {

namespace fs = std::filesystem;

constexpr char kMarker[] = ".gatehouse-store";

absl::Status CannotMake(const fs::path& root, const std::string& why) {
  return absl::UnavailableError(
      absl::StrCat("no blob store can be made at ", root.string(), ": ", why));
}

absl::Status WriteDurably(const fs::path& path, const std::string& text) {
  const fs::path fresh = path.string() + ".new";
  {
    std::ofstream file(fresh, std::ios::trunc);
    file << text;
    if (!file.flush()) return FromErrno("write the marker");
  }
  RETURN_IF_ERROR(FlushFile(fresh));
  if (rename(fresh.c_str(), path.c_str()) != 0) return FromErrno("name the marker");
  return FlushFolder(path.parent_path());
}

}  // namespace

std::string MarkerOf(const fs::path& root) {
  std::ifstream file(root / "blobs" / kMarker);
  std::string store_id;
  std::getline(file, store_id);
  return store_id;
}

bool IsMarked(const fs::path& root) {
  return access((root / "blobs" / kMarker).c_str(), F_OK) == 0;
}

absl::Status MarkStore(const fs::path& root, const std::string& store_id) {
  std::error_code error;
  fs::create_directories(root / "incoming", error);
  if (!error) fs::create_directories(root / "blobs", error);
  if (error) return CannotMake(root, error.message());
  RETURN_IF_ERROR(FlushFolder(root));
  return WriteDurably(root / "blobs" / kMarker, store_id + "\n");
}

}  // namespace gatehouse::documents
