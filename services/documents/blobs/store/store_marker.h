#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"

namespace gatehouse::documents {

// A blob folder bears a marker, a file with an id of its own. An empty mount point, or a volume
// that has gone, has none: what is written there would be hidden when the store returns, so that
// nothing is. It lies among the blobs, so that whoever copies them copies it too.
//
// The marker's id; empty where there is none that can be read.
std::string MarkerOf(const std::filesystem::path& root);
// Whether the marker is there. One look at the folder.
bool IsMarked(const std::filesystem::path& root);

// Makes the folders of a store and its marker, so that they survive a power failure.
absl::Status MarkStore(const std::filesystem::path& root, const std::string& store_id);

}  // namespace gatehouse::documents
