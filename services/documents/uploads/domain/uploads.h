#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/base/clock.h"
#include "services/common/base/crypto.h"
#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/requests/domain/case_directory.h"
#include "services/documents/requests/domain/request_store.h"
#include "services/documents/settings/domain/document_rules.h"
#include "services/documents/uploads/domain/content_type.h"
#include "services/documents/uploads/domain/document_store.h"

namespace gatehouse::documents {

// Where uploads go, and what they are checked against.
struct UploadPlaces {
  DocumentStore& documents;
  RequestStore& requests;
  BlobStore& blobs;
  RulesStore& rules;
  CaseDirectory& cases;
  const TypeSniffer& sniffer;
  const Clock& clock;
  bool scans = false;  // Whether a scanner is set up, for which what comes in waits.
};

// Runs `keep` unless the caller has done the same before (`fingerprint` is of all that makes the
// upload this one, its bytes included); answers the id of the document that stands for it, kept now
// or then.
using KeepOnce = std::function<absl::StatusOr<std::string>(
    const std::string& fingerprint, const std::function<absl::StatusOr<Document>()>& keep)>;

// What the sender says of a file before it comes.
struct SaidOfFile {
  std::string type;             // A Content-Type; only a hint.
  std::optional<int64_t> size;  // In bytes, where known; it must be true.
};

// One upload on its way in: checked while it comes, and kept whole or not at all.
class Upload {
 public:
  virtual ~Upload() = default;
  // The next bytes. Refusals are those of UploadDocument.
  virtual absl::Status Append(const std::string& bytes) = 0;
  // All bytes have come. When it answers OK, the document is durable.
  virtual absl::Status Finish(const KeepOnce& once) = 0;
};

// Takes uploads in.
class Uploads {
 public:
  explicit Uploads(UploadPlaces places) : places_(places) {}

  // `document` says everything but what the bytes tell. Refusals are those of UploadDocument; of
  // a client (`access`) also NOT_FOUND for a request or a document to replace that it may not see.
  // What is replaced must be alterable when the upload begins, however long that takes.
  absl::StatusOr<std::unique_ptr<Upload>> BeginByStaff(Document document, const SaidOfFile& said);
  absl::StatusOr<std::unique_ptr<Upload>> BeginByClient(Document document, const CaseAccess& access,
                                                        const SaidOfFile& said);

  // An upload under a request_id that its caller has used before: its bytes are only digested, to
  // see whether it is the same again. Nothing of it is kept, and no rule of now is asked.
  static absl::StatusOr<std::unique_ptr<Upload>> BeginAgain(Document document);

 private:
  absl::StatusOr<std::unique_ptr<Upload>> Begin(Document document, const CaseAccess* access,
                                                const SaidOfFile& said);

  UploadPlaces places_;
};

}  // namespace gatehouse::documents
