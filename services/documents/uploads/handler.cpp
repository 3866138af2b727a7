#include "services/documents/uploads/handler.h"

#include "services/common/observe/metrics.h"
#include "services/documents/document_proto.h"

namespace gatehouse::documents {
namespace {

// Under which id of whose the upload goes; its fingerprint is known at its end.
template <typename Request>
Once::Key KeyOf(const Call& call, const Request& first) {
  return {.organisation_id = call.caller.organisation_id,
          .caller = Once::SpaceOf(call.caller, first),
          .request_id = first.request_id()};
}

// Whether the caller has used the id before, for this or for something else.
absl::StatusOr<bool> IsUsed(Once& once, const Once::Key& key) {
  if (key.request_id.empty()) return false;
  const auto found = once.Find(key);  // Nothing has an empty fingerprint.
  if (ReasonOf(found.status()) == "REQUEST_ID_REUSED") return true;
  RETURN_IF_ERROR(found.status());
  return false;
}

template <typename Request>
SaidOfFile SaidOf(const Request& first) {
  SaidOfFile said = {.type = first.content_type()};
  if (first.has_size_bytes()) said.size = first.size_bytes();
  return said;
}

const char* OutcomeOf(const absl::Status& status) {
  if (status.ok()) return "stored";
  return ReasonOf(status).empty() ? "broken" : "refused";
}

// Counts how an upload ends, also where its client is gone before.
template <typename Request>
class DocumentSink : public Sink<Request, pb::Document> {
 public:
  DocumentSink(std::unique_ptr<Upload> upload, Once& once, Once::Key key)
      : upload_(std::move(upload)), once_(once), key_(std::move(key)) {}
  ~DocumentSink() override { Count("gatehouse_uploads_total", {{"outcome", outcome_}}); }

  absl::StatusOr<bool> Take(Request& message) override {
    const absl::Status taken = upload_->Append(message.data());
    if (!taken.ok()) outcome_ = OutcomeOf(taken);
    RETURN_IF_ERROR(taken);
    return true;
  }

  absl::StatusOr<pb::Document> End() override {
    pb::Document document;
    const absl::Status finished = upload_->Finish(
        [&](const std::string& fingerprint, const auto& keep) -> absl::StatusOr<std::string> {
          key_.fingerprint = fingerprint;
          const auto kept = [&]() -> absl::StatusOr<pb::Document> {
            ASSIGN_OR_RETURN(const Document kept, keep());
            return ToProto(kept);
          };
          ASSIGN_OR_RETURN(document, key_.request_id.empty() ? kept() : once_.Run(key_, kept));
          return document.document_id();
        });
    outcome_ = OutcomeOf(finished);
    RETURN_IF_ERROR(finished);
    Count("gatehouse_upload_bytes_total", {}, static_cast<double>(document.size_bytes()));
    return document;
  }

 private:
  const std::unique_ptr<Upload> upload_;
  Once& once_;
  Once::Key key_;
  const char* outcome_ = "broken";
};

// What receives the upload: a new one as `begin` makes it, or one under an id that was used.
template <typename Request, typename Begin>
UploadsHandler::Receives<Request> Receive(const Call& call, const Request& first, Once& once,
                                          const Document& document, Begin begin) {
  Once::Key key = KeyOf(call, first);
  ASSIGN_OR_RETURN(const bool used, IsUsed(once, key));
  auto upload = used ? Uploads::BeginAgain(document) : begin();
  if (!upload.ok()) {
    Count("gatehouse_uploads_total", {{"outcome", OutcomeOf(upload.status())}});
    return upload.status();
  }
  return std::make_unique<DocumentSink<Request>>(*std::move(upload), once, std::move(key));
}

}  // namespace

UploadsHandler::Receives<pb::UploadDocumentRequest> UploadsHandler::UploadDocument(
    const Call& call, const pb::UploadDocumentRequest& first) {
  const Document document = {.organisation_id = call.caller.organisation_id,
                             .case_id = first.case_id(),
                             .filename = first.filename(),
                             .label = first.label(),
                             .uploader_id = call.caller.actor_id,
                             .uploader_name = call.caller.actor_name,
                             .folder = first.folder(),
                             .replaces_document_id = first.replaces_document_id()};
  return Receive(call, first, once_, document,
                 [&] { return uploads_.BeginByStaff(document, SaidOf(first)); });
}

UploadsHandler::Receives<pb::UploadPortalDocumentRequest> UploadsHandler::UploadPortalDocument(
    const Call& call, const pb::UploadPortalDocumentRequest& first) {
  const CaseAccess& access = *call.caller.AccessTo(first.case_id());
  const Document document = {.organisation_id = call.caller.organisation_id,
                             .case_id = first.case_id(),
                             .filename = first.filename(),
                             .from_client = true,
                             .uploader_id = access.contact_id,
                             .uploader_name = call.caller.actor_name,
                             .document_request_id = first.document_request_id(),
                             .replaces_document_id = first.replaces_document_id()};
  return Receive(call, first, once_, document,
                 [&] { return uploads_.BeginByClient(document, access, SaidOf(first)); });
}

}  // namespace gatehouse::documents
