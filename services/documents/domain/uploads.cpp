#include "services/documents/domain/uploads.h"

#include "services/common/base/random.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kSniffed = 64 << 10;  // libmagic wants the directory of an Office file.

absl::Status Invalid(const char* reason, const char* message) {
  return Refuse(absl::StatusCode::kInvalidArgument, reason, message);
}

absl::Status TooLarge() {
  return Invalid("DOCUMENT_TOO_LARGE", "the document is larger than the organisation allows");
}

}  // namespace

absl::Status Upload::Sniff() {
  ASSIGN_OR_RETURN(const std::string seen, sniffer_.Sniff(head_));
  ASSIGN_OR_RETURN(document_.content_type, ContentType(seen, said_type_));
  sniffed_ = true;
  head_.clear();
  return absl::OkStatus();
}

absl::Status Upload::Append(const std::string& bytes) {
  if (is_known()) return absl::OkStatus();
  document_.size_bytes += static_cast<int64_t>(bytes.size());
  if (document_.size_bytes > limit_) return TooLarge();
  if (!sniffed_) {
    head_.append(bytes, 0, kSniffed - head_.size());
    if (head_.size() == kSniffed) RETURN_IF_ERROR(Sniff());
  }
  digest_.Add(bytes);
  return writer_->Append(bytes);
}

absl::StatusOr<Document> Upload::Keep() {
  RETURN_IF_ERROR(writer_->Commit(document_.organisation_id, document_.document_id));
  const auto kept = store_.Add(document_);
  // Another one was kept under the same request_id, or none; while the database cannot be asked the
  // bytes stay, since the row may be there.
  const bool unused =
      kept.ok() ? kept->document_id != document_.document_id : !absl::IsUnavailable(kept.status());
  if (unused) (void)blobs_.Remove(document_.organisation_id, document_.document_id);
  return kept;
}

absl::StatusOr<Document> Upload::Finish() {
  if (is_known()) return *known_;
  if (document_.size_bytes == 0) return Invalid("DOCUMENT_EMPTY", "the document has no bytes");
  if (!sniffed_) RETURN_IF_ERROR(Sniff());
  document_.sha256 = Hex(digest_.Finish());
  if (said_size_.has_value() && *said_size_ != document_.size_bytes) {
    return Invalid("SIZE_MISMATCH", "the document has not as many bytes as was said");
  }
  document_.document_id = NewId("doc");
  return Keep();
}

absl::StatusOr<std::unique_ptr<Upload>> Uploads::Begin(Document document,
                                                       const std::string& said_type,
                                                       std::optional<int64_t> said_size) {
  std::unique_ptr<Upload> upload(new Upload(store_, blobs_, sniffer_, std::move(document)));
  Document& said = upload->document_;
  if (!said.request_id.empty()) {
    auto first = store_.FindByRequest(said.organisation_id, said.request_id);
    if (first.ok()) {
      upload->known_ = *std::move(first);
      return upload;
    }
    if (!absl::IsNotFound(first.status())) return first.status();
  }
  ASSIGN_OR_RETURN(said.filename, SafeName(said.filename));
  ASSIGN_OR_RETURN(upload->limit_, store_.MaxBytes(said.organisation_id));
  if (said_size.value_or(0) > upload->limit_) return TooLarge();
  upload->said_type_ = said_type;
  upload->said_size_ = said_size;
  ASSIGN_OR_RETURN(upload->writer_, blobs_.Write());
  return upload;
}

}  // namespace gatehouse::documents
