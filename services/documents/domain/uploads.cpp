#include "services/documents/domain/uploads.h"

#include "services/common/base/crypto.h"
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

absl::Status Uploads::Receive(Document& document, const std::string& said_type, int64_t limit,
                              const NextBytes& next, BlobWriter& writer) {
  Sha256Stream digest;
  std::string bytes, head;
  bool sniffed = false;
  const auto sniff = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::string seen, sniffer_.Sniff(head));
    ASSIGN_OR_RETURN(document.content_type, ContentType(seen, said_type));
    sniffed = true;
    head.clear();
    return absl::OkStatus();
  };
  while (true) {
    ASSIGN_OR_RETURN(const bool more, next(bytes));
    if (!more) break;
    document.size_bytes += static_cast<int64_t>(bytes.size());
    if (document.size_bytes > limit) return TooLarge();
    if (!sniffed) {
      head.append(bytes, 0, kSniffed - head.size());
      if (head.size() == kSniffed) RETURN_IF_ERROR(sniff());
    }
    digest.Add(bytes);
    RETURN_IF_ERROR(writer.Append(bytes));
  }
  if (document.size_bytes == 0) return Invalid("DOCUMENT_EMPTY", "the document has no bytes");
  if (!sniffed) RETURN_IF_ERROR(sniff());
  document.sha256 = Hex(digest.Finish());
  return absl::OkStatus();
}

absl::StatusOr<Document> Uploads::Keep(const Document& document, BlobWriter& writer) {
  RETURN_IF_ERROR(writer.Commit(document.organisation_id, document.document_id));
  const auto kept = store_.Add(document);
  // Another one was kept under the same request_id, or none; while the database cannot be asked the
  // bytes stay, since the row may be there.
  const bool unused =
      kept.ok() ? kept->document_id != document.document_id : !absl::IsUnavailable(kept.status());
  if (unused) (void)blobs_.Remove(document.organisation_id, document.document_id);
  return kept;
}

absl::StatusOr<Document> Uploads::Take(Document document, const std::string& said_type,
                                       std::optional<int64_t> said_size, const NextBytes& next) {
  if (!document.request_id.empty()) {
    auto first = store_.FindByRequest(document.organisation_id, document.request_id);
    if (!absl::IsNotFound(first.status())) return first;
  }
  ASSIGN_OR_RETURN(document.filename, SafeName(document.filename));
  ASSIGN_OR_RETURN(const int64_t limit, store_.MaxBytes(document.organisation_id));
  if (said_size.value_or(0) > limit) return TooLarge();
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer, blobs_.Write());
  RETURN_IF_ERROR(Receive(document, said_type, limit, next, *writer));
  if (said_size.has_value() && *said_size != document.size_bytes) {
    return Invalid("SIZE_MISMATCH", "the document has not as many bytes as was said");
  }
  document.document_id = NewId("doc");
  return Keep(document, *writer);
}

}  // namespace gatehouse::documents
