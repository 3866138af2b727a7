#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/base/crypto.h"
#include "services/documents/domain/blobs.h"
#include "services/documents/domain/store.h"

namespace gatehouse::documents {

// What the first bytes of a file are, such as `application/pdf`.
class TypeSniffer {
 public:
  virtual ~TypeSniffer() = default;
  virtual absl::StatusOr<std::string> Sniff(const std::string& bytes) const = 0;
};

// One upload on its way in: checked while it comes, and kept whole or not at all.
class Upload {
 public:
  // The next bytes. Refusals are those of UploadDocument.
  absl::Status Append(const std::string& bytes);
  // All bytes have come. What it returns is durable.
  absl::StatusOr<Document> Finish();
  // No bytes are needed: the same upload was kept before, and Finish() tells it.
  bool is_known() const { return known_.has_value(); }

 private:
  friend class Uploads;
  Upload(Store& store, BlobStore& blobs, const TypeSniffer& sniffer, Document document)
      : store_(store), blobs_(blobs), sniffer_(sniffer), document_(std::move(document)) {}
  absl::Status Sniff();
  absl::StatusOr<Document> Keep();

  Store& store_;
  BlobStore& blobs_;
  const TypeSniffer& sniffer_;
  Document document_;
  std::string said_type_;
  std::optional<int64_t> said_size_;
  int64_t limit_ = 0;
  std::optional<Document> known_;
  std::unique_ptr<BlobWriter> writer_;
  Sha256Stream digest_;
  std::string head_;  // What is to be sniffed, until it is.
  bool sniffed_ = false;
};

// Takes uploads in.
class Uploads {
 public:
  Uploads(Store& store, BlobStore& blobs, const TypeSniffer& sniffer)
      : store_(store), blobs_(blobs), sniffer_(sniffer) {}

  // `document` says everything but what the bytes tell. `said_type` and `said_size` are the
  // sender's word. Refusals are those of UploadDocument.
  absl::StatusOr<std::unique_ptr<Upload>> Begin(Document document, const std::string& said_type,
                                                std::optional<int64_t> said_size);

 private:
  Store& store_;
  BlobStore& blobs_;
  const TypeSniffer& sniffer_;
};

}  // namespace gatehouse::documents
