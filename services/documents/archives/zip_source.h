#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gatehouse/documents/v1/documents.pb.h"
#include "services/common/rpc/server.h"
#include "services/documents/archives/zip.h"
#include "services/documents/blobs/domain/blobs.h"

namespace gatehouse::documents {

// One file of an archive that is sent: bytes of the store, or a text.
struct ZipPiece {
  Zip::File file;
  std::string text;
  // Where it is bytes of the store: asked when it is their turn, since there may be thousands.
  std::function<absl::StatusOr<std::unique_ptr<BlobReader>>()> open;
};
ZipPiece TextPiece(std::string name, std::string text);

// The archive of these, as an answer; `name` is its own, and `time` that of its files.
std::unique_ptr<Source<v1::DownloadDocumentResponse>> SendZip(std::vector<ZipPiece> pieces,
                                                              const std::string& name,
                                                              absl::Time time);

}  // namespace gatehouse::documents
