#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/documents/domain/blobs.h"
#include "services/documents/domain/store.h"

namespace gatehouse::documents {

// What the first bytes of a file are, such as `application/pdf`.
class TypeSniffer {
 public:
  virtual ~TypeSniffer() = default;
  virtual absl::StatusOr<std::string> Sniff(const std::string& bytes) const = 0;
};

// The next bytes of an upload into `bytes`, or false at its end. An error: the sender is gone.
using NextBytes = std::function<absl::StatusOr<bool>(std::string& bytes)>;

// Takes uploads in: checks them while they come, and keeps them whole or not at all.
class Uploads {
 public:
  Uploads(Store& store, BlobStore& blobs, const TypeSniffer& sniffer)
      : store_(store), blobs_(blobs), sniffer_(sniffer) {}

  // `document` says everything but what the bytes tell. `said_type` and `said_size` are the
  // sender's word. Refusals are those of UploadDocument.
  absl::StatusOr<Document> Take(Document document, const std::string& said_type,
                                std::optional<int64_t> said_size, const NextBytes& next);

 private:
  absl::Status Receive(Document& document, const std::string& said_type, int64_t limit,
                       const NextBytes& next, BlobWriter& writer);
  absl::StatusOr<Document> Keep(const Document& document, BlobWriter& writer);

  Store& store_;
  BlobStore& blobs_;
  const TypeSniffer& sniffer_;
};

}  // namespace gatehouse::documents
