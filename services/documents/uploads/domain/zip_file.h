#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/documents/blobs/domain/blobs.h"

namespace gatehouse::documents {

// What a ZIP file is, by the names in its central directory, wherever in the file they lie and in
// whichever order (APPNOTE.TXT, 4.3): an Office or OpenDocument format, a Java or Android program,
// an e-book, else `application/zip`. Reads the first 4 MiB of the directory at most. A file whose
// directory is cut off is `application/zip`.
absl::StatusOr<std::string> ZipType(BlobReader& file, int64_t size, const std::string& extension);

// Whether the bytes begin as a ZIP file does.
bool IsZip(const std::string& head);

// How large the largest member of a ZIP file becomes, as its directory says; nothing where the
// directory is cut off, or larger than is read.
absl::StatusOr<std::optional<uint64_t>> LargestZipMember(BlobReader& file, int64_t size);

}  // namespace gatehouse::documents
