#pragma once

#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/rpc/server.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

// The bytes that lie under a document's id, or a range of them, with what is said of them first.
// Refuses RANGE_NOT_SATISFIABLE and STORAGE_UNAVAILABLE.
absl::StatusOr<std::unique_ptr<Source<v1::DownloadDocumentResponse>>> SendBlob(
    BlobStore& blobs, const Document& document, const std::string& range,
    const std::string& if_range);

}  // namespace gatehouse::documents
