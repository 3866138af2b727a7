#include "services/documents/downloads/handler.h"

#include "services/documents/document_proto.h"
#include "services/documents/downloads/domain/download.h"

namespace gatehouse::documents {
namespace {

constexpr int64_t kChunk = 256 << 10;

pb::DownloadDocumentResponse HeadOf(const Document& document, const Download& download) {
  pb::DownloadDocumentResponse head;
  head.set_content_type(document.content_type);
  head.set_content_disposition(AttachmentOf(document.filename));
  head.set_etag(download.etag);
  head.set_content_length(download.part.last - download.part.first + 1);
  head.set_accept_ranges("bytes");
  head.set_content_range(download.content_range);
  return head;
}

// A part of a blob; its first message says what it is.
class BlobSource : public Source<pb::DownloadDocumentResponse> {
 public:
  BlobSource(std::unique_ptr<BlobReader> blob, ByteRange part, pb::DownloadDocumentResponse head)
      : blob_(std::move(blob)), part_(part), head_(std::move(head)) {}

  absl::StatusOr<bool> Next(pb::DownloadDocumentResponse& response) override {
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
  pb::DownloadDocumentResponse head_;
};

}  // namespace

absl::StatusOr<pb::ListDocumentsResponse> DownloadsHandler::List(
    const Call& call, const pb::ListDocumentsRequest& request, const CaseAccess* access) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<Document> documents,
                   documents_.List(call.caller.organisation_id, request.case_id(), access,
                                   {request.document_request_id(), request.folder()}, page));
  pb::ListDocumentsResponse response;
  response.set_next_page_token(
      CutPage(documents, page, [](const Document& document) { return document.document_id; }));
  for (const Document& document : documents) *response.add_documents() = ToProto(document);
  return response;
}

absl::StatusOr<pb::ListDocumentsResponse> DownloadsHandler::ListDocuments(
    const Call& call, const pb::ListDocumentsRequest& request) {
  return List(call, request, nullptr);
}

absl::StatusOr<pb::ListDocumentsResponse> DownloadsHandler::ListPortalDocuments(
    const Call& call, const pb::ListDocumentsRequest& request) {
  return List(call, request, call.caller.AccessTo(request.case_id()));
}

DownloadsHandler::Sends DownloadsHandler::Send(const Call& call,
                                               const pb::DownloadDocumentRequest& request,
                                               const CaseAccess* access) {
  ASSIGN_OR_RETURN(const Document document,
                   documents_.Get(call.caller.organisation_id, request.case_id(), access,
                                  request.document_id()));
  if (document.scan != Scan::kClean) {
    ASSIGN_OR_RETURN(const DocumentRules rules, rules_.Get(document.organisation_id));
    RETURN_IF_ERROR(CheckScan(document.scan, rules.unscanned_downloads));
  }
  ASSIGN_OR_RETURN(const Download download,
                   DownloadOf(document, request.range(), request.if_range()));
  ASSIGN_OR_RETURN(auto blob, blobs_.Read(document.organisation_id, document.document_id));
  return std::make_unique<BlobSource>(std::move(blob), download.part, HeadOf(document, download));
}

DownloadsHandler::Sends DownloadsHandler::DownloadDocument(
    const Call& call, const pb::DownloadDocumentRequest& request) {
  return Send(call, request, nullptr);
}

DownloadsHandler::Sends DownloadsHandler::DownloadPortalDocument(
    const Call& call, const pb::DownloadDocumentRequest& request) {
  return Send(call, request, call.caller.AccessTo(request.case_id()));
}

}  // namespace gatehouse::documents
