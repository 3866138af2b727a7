#include "services/documents/handler.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/cases.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::documents {
namespace {

constexpr int64_t kChunk = 256 << 10;

absl::Status NotFound() {
  return Refuse(absl::StatusCode::kNotFound, "NOT_FOUND", "there is no such thing here");
}

pb::Document ToProto(const Document& document) {
  pb::Document proto;
  proto.set_document_id(document.document_id);
  proto.set_filename(document.filename);
  proto.set_content_type(document.content_type);
  proto.set_size_bytes(document.size_bytes);
  proto.set_sha256(document.sha256);
  proto.set_label(document.label);
  proto.set_folder(FolderOf(document));
  proto.mutable_uploader()->set_kind(document.from_client ? pb::Uploader::CLIENT
                                                          : pb::Uploader::STAFF);
  proto.mutable_uploader()->set_id(document.uploader_id);
  proto.mutable_uploader()->set_display_name(document.uploader_name);
  proto.set_scan(static_cast<pb::Scan>(document.scan));
  *proto.mutable_create_time() = gatehouse::ToProto(document.create_time);
  proto.set_case_id(document.case_id);
  proto.set_document_request_id(document.document_request_id);
  return proto;
}

pb::DocumentRequest ToProto(const DocumentRequest& request) {
  pb::DocumentRequest proto;
  proto.set_document_request_id(request.document_request_id);
  proto.set_title(request.title);
  proto.set_label(request.label);
  proto.set_contact_id(request.contact_id);
  proto.set_state(pb::REQUIRED);
  *proto.mutable_create_time() = gatehouse::ToProto(request.create_time);
  return proto;
}

template <typename Request>
std::optional<int64_t> SizeOf(const Request& first) {
  if (!first.has_size_bytes()) return std::nullopt;
  return first.size_bytes();
}

// Counts how an upload has ended.
class CountedUpload {
 public:
  explicit CountedUpload(std::unique_ptr<Upload> upload) : upload_(std::move(upload)) {}
  ~CountedUpload() { Count("gatehouse_uploads_total", {{"outcome", outcome_}}); }
  CountedUpload(const CountedUpload&) = delete;
  CountedUpload& operator=(const CountedUpload&) = delete;

  absl::Status Append(const std::string& bytes) { return Noted(upload_->Append(bytes)); }
  absl::StatusOr<Document> Finish() {
    auto kept = upload_->Finish();
    RETURN_IF_ERROR(Noted(kept.status()));
    outcome_ = "stored";
    Count("gatehouse_upload_bytes_total", {}, static_cast<double>(kept->size_bytes));
    return kept;
  }
  bool is_known() const { return upload_->is_known(); }

 private:
  absl::Status Noted(absl::Status status) {
    if (!ReasonOf(status).empty()) outcome_ = "refused";
    return status;
  }
  std::unique_ptr<Upload> upload_;
  const char* outcome_ = "broken";
};

template <typename Request>
class DocumentSink : public Sink<Request, pb::Document> {
 public:
  explicit DocumentSink(std::unique_ptr<Upload> upload) : upload_(std::move(upload)) {}

  absl::StatusOr<bool> Take(Request& message) override {
    RETURN_IF_ERROR(upload_.Append(message.data()));
    return !upload_.is_known();
  }
  absl::StatusOr<pb::Document> End() override {
    ASSIGN_OR_RETURN(const Document kept, upload_.Finish());
    return ToProto(kept);
  }

 private:
  CountedUpload upload_;
};

template <typename Request>
absl::StatusOr<std::unique_ptr<Sink<Request, pb::Document>>> SinkOf(
    absl::StatusOr<std::unique_ptr<Upload>> upload) {
  if (upload.ok()) return std::make_unique<DocumentSink<Request>>(*std::move(upload));
  const bool refused = !ReasonOf(upload.status()).empty();
  Count("gatehouse_uploads_total", {{"outcome", refused ? "refused" : "broken"}});
  return upload.status();
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
    const auto size = static_cast<size_t>(std::min<int64_t>(kChunk, left));
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

void Handler::Register(Server& server) {
  server.Service("gatehouse.documents.v1.Documents")
      .Upload("UploadDocument", *this, &Handler::UploadDocument)
      .Unary("ListDocuments", *this, &Handler::ListDocuments)
      .Download("DownloadDocument", *this, &Handler::DownloadDocument)
      .Unary("CreateDocumentRequest", *this, &Handler::CreateDocumentRequest)
      .Unary("ListDocumentRequests", *this, &Handler::ListDocumentRequests)
      .Unary("GetSettings", *this, &Handler::GetSettings)
      .Unary("UpdateSettings", *this, &Handler::UpdateSettings);
  server.Service("gatehouse.documents.v1.PortalDocuments")
      .Upload("UploadPortalDocument", *this, &Handler::UploadPortalDocument)
      .Unary("ListPortalDocuments", *this, &Handler::ListPortalDocuments)
      .Download("DownloadPortalDocument", *this, &Handler::DownloadPortalDocument)
      .Unary("ListPortalDocumentRequests", *this, &Handler::ListPortalDocumentRequests);
  server.Service("gatehouse.documents.v1.DocumentDirectory")
      .Unary("LookUpCaseDocuments", *this, &Handler::LookUpCaseDocuments);
}

absl::Status Handler::CheckCase(const std::string& organisation_id, const std::string& case_id,
                                const std::string& contact_id) {
  cases::v1::LookUpCaseRequest request;
  request.set_case_id(case_id);
  ASSIGN_OR_RETURN(const auto found,
                   cases_.Call<cases::v1::LookUpCaseResponse>(
                       "gatehouse.cases.v1.CaseDirectory/LookUpCase", organisation_id, request));
  if (contact_id.empty()) return absl::OkStatus();
  for (const cases::v1::Contact& contact : found.case_().contacts()) {
    if (contact.contact_id() == contact_id) return absl::OkStatus();
  }
  return NotFound();
}

absl::StatusOr<std::unique_ptr<Sink<pb::UploadDocumentRequest, pb::Document>>>
Handler::UploadDocument(const Call& call, const pb::UploadDocumentRequest& first) {
  const Caller& caller = call.caller;
  RETURN_IF_ERROR(CheckCase(caller.organisation_id, first.case_id(), ""));
  const Document document = {.organisation_id = caller.organisation_id,
                             .case_id = first.case_id(),
                             .filename = first.filename(),
                             .label = first.label(),
                             .uploader_id = caller.actor_id,
                             .uploader_name = caller.actor_name,
                             .request_id = first.request_id()};
  return SinkOf<pb::UploadDocumentRequest>(
      uploads_.Begin(document, first.content_type(), SizeOf(first)));
}

absl::StatusOr<std::unique_ptr<Sink<pb::UploadPortalDocumentRequest, pb::Document>>>
Handler::UploadPortalDocument(const Call& call, const pb::UploadPortalDocumentRequest& first) {
  const Caller& caller = call.caller;
  const CaseAccess& access = *caller.AccessTo(first.case_id());
  Document document = {
      .organisation_id = caller.organisation_id,
      .case_id = first.case_id(),
      .filename = first.filename(),
      .from_client = true,
      .uploader_id = access.contact_id,
      .uploader_name = caller.actor_name,
      .document_request_id = first.document_request_id(),
      // A client's ids are its own: they cannot meet those of others.
      .request_id = first.request_id().empty()
                        ? ""
                        : absl::StrCat(access.invitation_id, ":", first.request_id())};
  if (!document.document_request_id.empty()) {
    ASSIGN_OR_RETURN(const auto requests,
                     store_.ListRequests(caller.organisation_id, first.case_id()));
    bool found = false;
    for (const DocumentRequest& request : requests) {
      if (request.document_request_id != document.document_request_id) continue;
      found = MaySee(access, request);
      document.label = request.label;
    }
    if (!found) return NotFound();
  }
  return SinkOf<pb::UploadPortalDocumentRequest>(
      uploads_.Begin(document, first.content_type(), SizeOf(first)));
}

absl::StatusOr<pb::ListDocumentsResponse> Handler::List(const Call& call,
                                                        const pb::ListDocumentsRequest& request,
                                                        const CaseAccess* access) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<Document> documents,
                   store_.List(call.caller.organisation_id, request.case_id(), access, page));
  pb::ListDocumentsResponse response;
  response.set_next_page_token(
      CutPage(documents, page, [](const Document& document) { return document.document_id; }));
  for (const Document& document : documents) *response.add_documents() = ToProto(document);
  return response;
}

absl::StatusOr<pb::ListDocumentsResponse> Handler::ListDocuments(
    const Call& call, const pb::ListDocumentsRequest& request) {
  return List(call, request, nullptr);
}

absl::StatusOr<pb::ListDocumentsResponse> Handler::ListPortalDocuments(
    const Call& call, const pb::ListDocumentsRequest& request) {
  return List(call, request, call.caller.AccessTo(request.case_id()));
}

absl::StatusOr<std::unique_ptr<Source<pb::DownloadDocumentResponse>>> Handler::Send(
    const Document& document, const pb::DownloadDocumentRequest& request) {
  const std::string etag = absl::StrCat("\"", document.sha256, "\"");
  const bool outdated = !request.if_range().empty() && request.if_range() != etag;
  ASSIGN_OR_RETURN(const auto range,
                   ParseRange(outdated ? "" : request.range(), document.size_bytes));
  ASSIGN_OR_RETURN(auto blob, blobs_.Read(document.organisation_id, document.document_id));
  const ByteRange part = range.value_or(ByteRange{0, document.size_bytes - 1});
  pb::DownloadDocumentResponse head;
  head.set_content_type(document.content_type);
  head.set_content_disposition(AttachmentOf(document.filename));
  head.set_etag(etag);
  head.set_content_length(part.last - part.first + 1);
  head.set_accept_ranges("bytes");
  if (range.has_value()) {
    head.set_content_range(
        absl::StrCat("bytes ", part.first, "-", part.last, "/", document.size_bytes));
  }
  return std::make_unique<BlobSource>(std::move(blob), part, std::move(head));
}

absl::StatusOr<std::unique_ptr<Source<pb::DownloadDocumentResponse>>> Handler::DownloadDocument(
    const Call& call, const pb::DownloadDocumentRequest& request) {
  ASSIGN_OR_RETURN(const Document document, store_.Get(call.caller.organisation_id,
                                                       request.case_id(), request.document_id()));
  return Send(document, request);
}

absl::StatusOr<std::unique_ptr<Source<pb::DownloadDocumentResponse>>>
Handler::DownloadPortalDocument(const Call& call, const pb::DownloadDocumentRequest& request) {
  ASSIGN_OR_RETURN(const Document document, store_.Get(call.caller.organisation_id,
                                                       request.case_id(), request.document_id()));
  if (!MaySee(*call.caller.AccessTo(request.case_id()), document)) return NotFound();
  return Send(document, request);
}

absl::StatusOr<pb::DocumentRequest> Handler::CreateDocumentRequest(
    const Call& call, const pb::CreateDocumentRequestRequest& request) {
  RETURN_IF_ERROR(CheckCase(call.caller.organisation_id, request.case_id(), request.contact_id()));
  ASSIGN_OR_RETURN(
      const DocumentRequest made,
      store_.AddRequest(call.caller.organisation_id, {.document_request_id = NewId("drq"),
                                                      .case_id = request.case_id(),
                                                      .title = request.title(),
                                                      .label = request.label(),
                                                      .contact_id = request.contact_id(),
                                                      .request_id = request.request_id()}));
  return ToProto(made);
}

absl::StatusOr<pb::ListDocumentRequestsResponse> Handler::ListRequests(const Call& call,
                                                                       const std::string& case_id,
                                                                       const CaseAccess* access) {
  const std::string& organisation = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const auto requests, store_.ListRequests(organisation, case_id));
  ASSIGN_OR_RETURN(const auto answers, store_.ListAnswers(organisation, case_id));
  pb::ListDocumentRequestsResponse response;
  for (const DocumentRequest& request : requests) {
    if (access != nullptr && !MaySee(*access, request)) continue;
    pb::DocumentRequest& proto = *response.add_document_requests();
    proto = ToProto(request);
    for (const Document& document : answers) {
      if (document.document_request_id != request.document_request_id) continue;
      proto.set_state(pb::PENDING_REVIEW);
      if (access == nullptr || MaySee(*access, document)) {
        *proto.add_documents() = ToProto(document);
      }
    }
  }
  return response;
}

absl::StatusOr<pb::ListDocumentRequestsResponse> Handler::ListDocumentRequests(
    const Call& call, const pb::ListDocumentRequestsRequest& request) {
  return ListRequests(call, request.case_id(), nullptr);
}

absl::StatusOr<pb::ListDocumentRequestsResponse> Handler::ListPortalDocumentRequests(
    const Call& call, const pb::ListDocumentRequestsRequest& request) {
  return ListRequests(call, request.case_id(), call.caller.AccessTo(request.case_id()));
}

absl::StatusOr<pb::Settings> Handler::GetSettings(const Call& call, const pb::GetSettingsRequest&) {
  ASSIGN_OR_RETURN(const int64_t bytes, store_.MaxBytes(call.caller.organisation_id));
  pb::Settings settings;
  settings.set_max_document_bytes(bytes);
  return settings;
}

absl::StatusOr<pb::Settings> Handler::UpdateSettings(const Call& call,
                                                     const pb::UpdateSettingsRequest& request) {
  const int64_t bytes = request.settings().max_document_bytes();
  if (bytes > 0) RETURN_IF_ERROR(store_.SetMaxBytes(call.caller.organisation_id, bytes));
  return GetSettings(call, {});
}

absl::StatusOr<pb::LookUpCaseDocumentsResponse> Handler::LookUpCaseDocuments(
    const Call& call, const pb::LookUpCaseDocumentsRequest& request) {
  const std::string& organisation = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const auto labels, store_.ListLabels(organisation, request.case_id()));
  ASSIGN_OR_RETURN(const auto requests, store_.ListRequests(organisation, request.case_id()));
  pb::LookUpCaseDocumentsResponse response;
  for (const std::string& label : labels) response.add_labels(label);
  for (const DocumentRequest& asked : requests) {
    response.add_document_request_ids(asked.document_request_id);
  }
  return response;
}

}  // namespace gatehouse::documents
