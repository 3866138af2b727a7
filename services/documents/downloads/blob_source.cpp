#include "services/documents/downloads/blob_source.h"

#include "services/common/base/status.h"
#include "services/documents/downloads/domain/download.h"

namespace gatehouse::documents {
namespace {

constexpr int64_t kChunk = 256 << 10;

v1::DownloadDocumentResponse HeadOf(const Document& document, const Download& download) {
  v1::DownloadDocumentResponse head;
  head.set_content_type(document.content_type);
  head.set_content_disposition(AttachmentOf(document.filename));
  head.set_etag(download.etag);
  head.set_content_length(download.part.last - download.part.first + 1);
  head.set_accept_ranges("bytes");
  head.set_content_range(download.content_range);
  return head;
}

// A part of a blob; its first message says what it is.
class BlobSource : public Source<v1::DownloadDocumentResponse> {
 public:
  BlobSource(std::unique_ptr<BlobReader> blob, ByteRange part, v1::DownloadDocumentResponse head)
      : blob_(std::move(blob)), part_(part), head_(std::move(head)) {}

  absl::StatusOr<bool> Next(v1::DownloadDocumentResponse& response) override {
    const int64_t left = part_.last - part_.first + 1;
    if (left <= 0) return false;
    response.Swap(&head_);
    head_.Clear();
    // From then on at multiples of it, so that the store opens each of its own chunks once.
    const auto size = static_cast<size_t>(std::min(kChunk - part_.first % kChunk, left));
    RETURN_IF_ERROR(blob_->Read(part_.first, size, *response.mutable_data()));
    if (response.data().size() != size) {
      return absl::DataLossError("the blob is shorter than known");
    }
    part_.first += static_cast<int64_t>(size);
    return true;
  }

 private:
  const std::unique_ptr<BlobReader> blob_;
  ByteRange part_;
  v1::DownloadDocumentResponse head_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Source<v1::DownloadDocumentResponse>>> SendBlob(
    BlobStore& blobs, const Document& document, const std::string& range,
    const std::string& if_range) {
  ASSIGN_OR_RETURN(const Download download, DownloadOf(document, range, if_range));
  ASSIGN_OR_RETURN(auto blob, blobs.Read(document.organisation_id, document.document_id));
  return std::make_unique<BlobSource>(std::move(blob), download.part, HeadOf(document, download));
}

}  // namespace gatehouse::documents
