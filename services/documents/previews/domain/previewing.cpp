#include "services/documents/previews/domain/previewing.h"

#include "services/common/base/random.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

// An hour's, so that what comes in meanwhile does not wait long behind them.
constexpr int kCaughtUpAtOnce = 1000;

}  // namespace

absl::StatusOr<bool> Previewing::IsHarmless(const Document& document) {
  if (document.scan == Scan::kClean) return true;
  if (document.scan != Scan::kUnscanned || places_.scans) return false;
  ASSIGN_OR_RETURN(const DocumentRules rules, places_.rules.Get(document.organisation_id));
  return rules.unscanned_downloads;
}

absl::StatusOr<Previewing::Pair> Previewing::Made(const Document& document) {
  if (document.size_bytes > kPreviewedBytesMax) return Pair{.refused = "TOO_LARGE"};
  ASSIGN_OR_RETURN(const auto blob,
                   places_.blobs.Read(document.organisation_id, document.document_id));
  ASSIGN_OR_RETURN(Preview large,
                   places_.previewer.Make(*blob, document.content_type, kLargePixels));
  if (!large.refused.empty()) return Pair{.refused = large.refused};
  ASSIGN_OR_RETURN(Preview small, places_.previewer.MakeSmaller(large.jpeg, kSmallPixels));
  return Pair{std::move(small.jpeg), std::move(large.jpeg), std::move(small.refused)};
}

absl::Status Previewing::Keep(const Document& document, const Pair& pair) {
  const LooseBlob blob = {document.organisation_id, NewId("prv")};
  ASSIGN_OR_RETURN(const auto writer, places_.blobs.Write(blob.organisation_id, blob.document_id));
  RETURN_IF_ERROR(writer->Append(pair.small));
  RETURN_IF_ERROR(writer->Append(pair.large));
  RETURN_IF_ERROR(places_.documents.NoteLoose(blob));
  RETURN_IF_ERROR(writer->Commit());
  ASSIGN_OR_RETURN(const bool kept,
                   places_.previews.Keep(document, {.blob_id = blob.document_id,
                                                    .small_bytes = std::ssize(pair.small),
                                                    .large_bytes = std::ssize(pair.large)}));
  // Where that is not known the bytes stay: the collector looks later.
  if (!kept && places_.blobs.Remove(blob.organisation_id, blob.document_id).ok()) {
    return places_.documents.Forget(blob);
  }
  return absl::OkStatus();
}

absl::Status Previewing::Make(const std::string& organisation_id, const std::string& case_id,
                              const std::string& document_id) {
  const auto document = places_.documents.Get(organisation_id, case_id, nullptr, document_id);
  if (ReasonOf(document.status()) == "NOT_FOUND") return absl::OkStatus();
  RETURN_IF_ERROR(document.status());
  // What waits to be scanned is asked for again then.
  if (document->preview != PreviewState::kWaiting || document->scan == Scan::kPending) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const bool harmless, IsHarmless(*document));
  if (!harmless) return places_.previews.End(*document, PreviewState::kNone);
  const absl::StatusOr<Pair> made = Made(*document);
  // Bytes that are damaged or erased stay so.
  const bool for_good = !ReasonOf(made.status()).empty() && !absl::IsUnavailable(made.status());
  if (!made.ok() && !for_good) return made.status();
  if (for_good || !made->refused.empty()) {
    return places_.previews.End(*document, PreviewState::kFailed);
  }
  return Keep(*document, *made);
}

absl::Status Previewing::GiveUp(const std::string& organisation_id, const std::string& case_id,
                                const std::string& document_id) {
  return places_.previews.End(
      {.organisation_id = organisation_id, .document_id = document_id, .case_id = case_id},
      PreviewState::kFailed);
}

absl::StatusOr<int> Previewing::CatchUp() {
  return places_.previews.AskForPreviews(kCaughtUpAtOnce);
}

}  // namespace gatehouse::documents
