#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "services/documents/blobs/domain/blobs.h"

namespace gatehouse::documents {

// What an OLE compound file ([MS-CFB]) is, by the streams at its root, wherever in the file its
// directory lies: an Office format of before 2007, a mail of Outlook, an installer. What Office
// protects with a password is the format that the extension says (`application/encrypted` without
// one), since only its owner can see more. `application/x-ole-storage` for all else, and for a
// file that is broken or cut off. Looks at 4,096 entries and reads 65,536 times at most.
absl::StatusOr<std::string> OleType(BlobReader& file, const std::string& extension);

}  // namespace gatehouse::documents
