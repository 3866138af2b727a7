#include "services/documents/previews/handler.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/documents/downloads/domain/download.h"

namespace gatehouse::documents {
namespace {

// A page waits about so long for it before it asks again.
constexpr absl::Duration kSoon = absl::Seconds(2);

absl::Status Unavailable() {
  return Refuse(v1::PREVIEW_UNAVAILABLE, "there is no preview of this document");
}

// All of a preview in one message: it is small.
class PreviewSource : public Source<v1::DownloadPreviewResponse> {
 public:
  explicit PreviewSource(v1::DownloadPreviewResponse all) : all_(std::move(all)) {}
  absl::StatusOr<bool> Next(v1::DownloadPreviewResponse& response) override {
    if (given_) return false;
    given_ = true;
    response.Swap(&all_);
    return true;
  }

 private:
  v1::DownloadPreviewResponse all_;
  bool given_ = false;
};

}  // namespace

PreviewsHandler::Sends PreviewsHandler::Send(const Call& call,
                                             const pb::DownloadPreviewRequest& request,
                                             const CaseAccess* access) {
  const std::string& organisation_id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const Document document, documents_.Get(organisation_id, request.case_id(),
                                                           access, request.document_id()));
  if (document.preview == PreviewState::kWaiting) {
    return RefuseUntil(v1::PREVIEW_NOT_READY, "the preview is not made yet", kSoon);
  }
  if (document.preview != PreviewState::kReady) return Unavailable();
  // As its bytes: it may have been found to be harmful since, or the rules are others.
  ASSIGN_OR_RETURN(const DocumentRules rules, rules_.Get(organisation_id));
  RETURN_IF_ERROR(CheckScan(document.scan, rules.unscanned_downloads));
  ASSIGN_OR_RETURN(const auto stored, previews_.Find(organisation_id, document.document_id));
  if (!stored.has_value()) return Unavailable();  // The document has just been deleted.
  const bool large = request.size() == pb::PREVIEW_LARGE;
  const int64_t offset = large ? stored->small_bytes : 0;
  const int64_t size = large ? stored->large_bytes : stored->small_bytes;
  ASSIGN_OR_RETURN(const auto blob, blobs_.Read(organisation_id, stored->blob_id));
  pb::DownloadPreviewResponse response;
  RETURN_IF_ERROR(blob->Read(offset, static_cast<size_t>(size), *response.mutable_data()));
  if (std::ssize(response.data()) != size) {
    return absl::DataLossError("the preview is shorter than known");
  }
  response.set_content_type("image/jpeg");
  response.set_content_length(size);
  // The bytes of a preview never change.
  response.set_etag(absl::StrCat("\"", stored->blob_id, large ? "-large\"" : "-small\""));
  // Kept by the browser, and asked for each time: whoever may see it no more gets none.
  response.set_cache_control("private, no-cache");
  return std::make_unique<PreviewSource>(std::move(response));
}

PreviewsHandler::Sends PreviewsHandler::DownloadPreview(const Call& call,
                                                        const pb::DownloadPreviewRequest& request) {
  return Send(call, request, nullptr);
}

PreviewsHandler::Sends PreviewsHandler::DownloadPortalPreview(
    const Call& call, const pb::DownloadPreviewRequest& request) {
  return Send(call, request, call.caller.AccessTo(request.case_id()));
}

}  // namespace gatehouse::documents
