#include "services/documents/uploads/domain/uploads.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/text/file_name.h"

namespace gatehouse::documents {
namespace {

absl::Status TooLarge() {
  return Refuse(v1::DOCUMENT_TOO_LARGE, "the document is larger than the organisation allows");
}

// Of where the document goes and what it is; the sender's word about its type only helps to read
// its bytes, and is no part of it.
std::string FingerprintOf(const Document& document) {
  std::string all;
  // A client's label is its request's.
  for (const std::string& part :
       {document.case_id, document.filename, document.from_client ? "" : document.label,
        document.document_request_id, document.from_client ? "" : document.folder,
        document.replaces_document_id, document.sha256}) {
    absl::StrAppend(&all, part.size(), ":", part);
  }
  return Sha256(all);
}

class NewUpload : public Upload {
 public:
  NewUpload(UploadPlaces places, Document document, DocumentRules rules, TypeHints hints,
            std::optional<int64_t> said_size, std::unique_ptr<BlobWriter> writer)
      : places_(places),
        document_(std::move(document)),
        rules_(std::move(rules)),
        hints_(std::move(hints)),
        said_size_(said_size),
        writer_(std::move(writer)) {}

  absl::Status Append(const std::string& bytes) override {
    document_.size_bytes += static_cast<int64_t>(bytes.size());
    if (document_.size_bytes > rules_.max_document_bytes) return TooLarge();
    if (head_.size() < kHead) {
      head_.append(bytes, 0, kHead - head_.size());
      if (head_.size() == kHead) RETURN_IF_ERROR(SniffHead());
    }
    digest_.Add(bytes);
    return writer_->Append(bytes);
  }

  absl::Status Finish(const KeepOnce& once) override {
    RETURN_IF_ERROR(Seal());
    const LooseBlob blob = {document_.organisation_id, document_.document_id};
    RETURN_IF_ERROR(places_.documents.NoteLoose(blob));
    RETURN_IF_ERROR(writer_->Commit());
    const auto kept = once(FingerprintOf(document_),
                           [&] { return places_.documents.Add(document_, rules_.quotas); });
    // Another one stands for it, or none does. Where that cannot be known the bytes stay, since the
    // row may be there: the collector looks later.
    const bool unused =
        kept.ok() ? *kept != document_.document_id : !ReasonOf(kept.status()).empty();
    if (unused && places_.blobs.Remove(blob.organisation_id, blob.document_id).ok()) {
      (void)places_.documents.Forget(blob);
    }
    return kept.status();
  }

 private:
  // What can be known of the type before all has come, so that what is not taken is not received.
  absl::Status SniffHead() {
    if (IsContainer(head_)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string seen, places_.sniffer.Sniff(head_));
    document_.content_type = TypeOf(head_, seen, hints_);
    return CheckType(document_.content_type, hints_.extension, rules_.allowed_types);
  }

  absl::Status Seal() {
    if (document_.size_bytes == 0) return Refuse(v1::DOCUMENT_EMPTY, "the document has no bytes");
    if (said_size_.has_value() && *said_size_ != document_.size_bytes) {
      return Refuse(v1::SIZE_MISMATCH, "the document has not as many bytes as was said");
    }
    if (head_.size() < kHead) RETURN_IF_ERROR(SniffHead());
    if (IsContainer(head_)) {
      ASSIGN_OR_RETURN(document_.content_type,
                       ContainerTypeOf(head_, *writer_, document_.size_bytes, hints_));
      RETURN_IF_ERROR(CheckType(document_.content_type, hints_.extension, rules_.allowed_types));
    }
    document_.sha256 = Hex(digest_.Finish());
    return absl::OkStatus();
  }

  const UploadPlaces places_;
  Document document_;
  const DocumentRules rules_;
  const TypeHints hints_;
  const std::optional<int64_t> said_size_;
  const std::unique_ptr<BlobWriter> writer_;
  Sha256Stream digest_;
  std::string head_;
};

class RepeatedUpload : public Upload {
 public:
  explicit RepeatedUpload(Document document) : document_(std::move(document)) {}

  absl::Status Append(const std::string& bytes) override {
    digest_.Add(bytes);
    return absl::OkStatus();
  }
  absl::Status Finish(const KeepOnce& once) override {
    document_.sha256 = Hex(digest_.Finish());
    const auto forgotten = []() -> absl::StatusOr<Document> {
      return absl::AbortedError("the first answer to the request_id has just been forgotten");
    };
    return once(FingerprintOf(document_), forgotten).status();
  }

 private:
  Document document_;
  Sha256Stream digest_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Upload>> Uploads::Begin(Document document, const CaseAccess* access,
                                                       const SaidOfFile& said) {
  document.scan = places_.scans ? Scan::kPending : Scan::kUnscanned;
  document.filename = SafeFileName(document.filename);
  if (document.filename.empty()) return Refuse(v1::FILENAME_INVALID, "the file needs a name");
  const std::string extension = ExtensionOf(document.filename);
  if (IsDangerousExtension(extension)) return CheckType(said.type, extension, {});
  ASSIGN_OR_RETURN(DocumentRules rules, places_.rules.Get(document.organisation_id));
  if (said.size.value_or(0) > rules.max_document_bytes) return TooLarge();
  if (!document.replaces_document_id.empty()) {
    ASSIGN_OR_RETURN(const Document old,
                     places_.documents.Get(document.organisation_id, document.case_id, access,
                                           document.replaces_document_id));
    RETURN_IF_ERROR(
        CheckAlterable(old, {document.from_client, document.uploader_id}, places_.clock.Now()));
  }
  ASSIGN_OR_RETURN(const Usages used,
                   places_.documents.Used(document.organisation_id, document.case_id,
                                          document.from_client ? document.uploader_id : ""));
  RETURN_IF_ERROR(
      CheckQuotas(With(used, {1, said.size.value_or(0)}, document.from_client), rules.quotas));
  document.document_id = NewId("doc");
  ASSIGN_OR_RETURN(auto writer,
                   places_.blobs.Write(document.organisation_id, document.document_id));
  return std::make_unique<NewUpload>(places_, std::move(document), std::move(rules),
                                     TypeHints{.extension = extension, .said = said.type},
                                     said.size, std::move(writer));
}

absl::StatusOr<std::unique_ptr<Upload>> Uploads::BeginByStaff(Document document,
                                                              const SaidOfFile& said) {
  RETURN_IF_ERROR(places_.cases.Check(document.organisation_id, document.case_id, ""));
  return Begin(std::move(document), nullptr, said);
}

absl::StatusOr<std::unique_ptr<Upload>> Uploads::BeginByClient(Document document,
                                                               const CaseAccess& access,
                                                               const SaidOfFile& said) {
  if (!document.document_request_id.empty()) {
    ASSIGN_OR_RETURN(const DocumentRequest request,
                     places_.requests.Get(document.organisation_id, document.case_id, &access,
                                          document.document_request_id));
    RETURN_IF_ERROR(Answered(request).status());
    document.label = request.label;
  }
  return Begin(std::move(document), &access, said);
}

absl::StatusOr<std::unique_ptr<Upload>> Uploads::BeginAgain(Document document) {
  document.filename = SafeFileName(document.filename);
  return std::make_unique<RepeatedUpload>(std::move(document));
}

}  // namespace gatehouse::documents
