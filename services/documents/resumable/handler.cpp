#include "services/documents/resumable/handler.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/documents/resumable/checksum.h"

namespace gatehouse::documents {
namespace {

constexpr char kVersion[] = "1.0.0";
constexpr char kBytesType[] = "application/offset+octet-stream";

UploadOwner OwnerOf(const Call& call, const std::string& case_id, const CaseAccess* access) {
  return {.organisation_id = call.caller.organisation_id,
          .case_id = case_id,
          .uploader_id = access != nullptr ? access->contact_id : call.caller.actor_id,
          .uploader_name = call.caller.actor_name,
          .access = access};
}

std::string FolderOf(const UploadOwner& owner) {
  return absl::StrCat(owner.from_client() ? "/v1/portal/cases/" : "/v1/cases/", owner.case_id,
                      "/uploads/");
}

pb::ResumableUpload ToProto(const ResumableUpload& upload, const UploadOwner& owner) {
  pb::ResumableUpload response;
  response.set_upload_id(upload.upload_id);
  response.set_document_id(upload.document_id);
  response.set_upload_offset(upload.offset);
  if (upload.length.has_value()) response.set_upload_length(*upload.length);
  if (!upload.length.has_value()) response.set_upload_defer_length("1");
  response.set_upload_metadata(upload.metadata);
  if (upload.partial) response.set_upload_concat("partial");
  if (!upload.joins.empty()) {
    const std::string folder = FolderOf(owner);
    response.set_upload_concat(
        absl::StrCat("final;", folder,
                     absl::StrJoin(absl::StrSplit(upload.joins, ' '), absl::StrCat(" ", folder))));
  }
  response.set_upload_expires(
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", upload.expire_time, absl::UTCTimeZone()));
  response.set_tus_resumable(kVersion);
  return response;
}

absl::Status CheckVersion(const std::string& version) {
  if (version.empty() || version == kVersion) return absl::OkStatus();
  return WithFact(Refuse(v1::TUS_VERSION_NOT_SUPPORTED, "only tus 1.0.0 is spoken here"),
                  "tusVersion", kVersion);
}

absl::StatusOr<std::unique_ptr<Checksum>> ChecksumOf(const std::string& header) {
  if (header.empty()) return nullptr;
  return Checksum::Of(header);
}

// The owner outlives the call that it is made of; a client's access with it.
struct KeptOwner {
  explicit KeptOwner(const Call& call, const std::string& case_id)
      : access(AccessOf(call, case_id)),
        owner(OwnerOf(call, case_id, access.has_value() ? &*access : nullptr)) {}
  KeptOwner(const KeptOwner&) = delete;
  KeptOwner& operator=(const KeptOwner&) = delete;

  static std::optional<CaseAccess> AccessOf(const Call& call, const std::string& case_id) {
    const CaseAccess* found =
        call.caller.kind == CallerKind::kClient ? call.caller.AccessTo(case_id) : nullptr;
    return found == nullptr ? std::nullopt : std::make_optional(*found);
  }
  const std::optional<CaseAccess> access;
  const UploadOwner owner;
};

// Takes the bytes of a call, and checks them against their checksum.
class Bytes {
 public:
  explicit Bytes(std::unique_ptr<Checksum> checksum) : checksum_(std::move(checksum)) {}
  bool has_checksum() const { return checksum_ != nullptr; }
  void Begin(std::unique_ptr<Appending> appending) { appending_ = std::move(appending); }

  absl::Status Take(const std::string& bytes) {
    if (checksum_ != nullptr) checksum_->Add(bytes);
    return appending_->Take(bytes);
  }
  absl::StatusOr<ResumableUpload> Finish() {
    if (checksum_ != nullptr) RETURN_IF_ERROR(checksum_->Check());
    return appending_->Finish();
  }

 private:
  std::unique_ptr<Checksum> checksum_;
  std::unique_ptr<Appending> appending_;
};

class CreateSink : public Sink<pb::CreateUploadRequest, pb::ResumableUpload> {
 public:
  CreateSink(ResumableUploads& uploads, const Call& call, const pb::CreateUploadRequest& first,
             std::unique_ptr<Checksum> checksum)
      : uploads_(uploads),
        kept_(call, first.case_id()),
        request_{.filename = first.filename(),
                 .metadata = first.upload_metadata(),
                 .concat = first.upload_concat(),
                 .deferred = !first.upload_defer_length().empty()},
        with_bytes_(first.content_type() == kBytesType),
        bytes_(std::move(checksum)) {
    if (first.has_upload_length()) request_.length = first.upload_length();
  }

  absl::StatusOr<bool> Take(pb::CreateUploadRequest& message) override {
    if (message.data().empty()) return true;
    RETURN_IF_ERROR(Begin());
    if (!with_bytes_) {
      (void)uploads_.Delete(kept_.owner, upload_.upload_id);
      return Refuse(v1::UPLOAD_CONTENT_TYPE_WRONG, absl::StrCat("bytes come as ", kBytesType));
    }
    RETURN_IF_ERROR(bytes_.Take(message.data()));
    return true;
  }

  absl::StatusOr<pb::ResumableUpload> End() override {
    RETURN_IF_ERROR(Begin());
    if (begun_with_bytes_) {
      ASSIGN_OR_RETURN(upload_, bytes_.Finish());
    }
    pb::ResumableUpload response = ToProto(upload_, kept_.owner);
    response.set_location(FolderOf(kept_.owner) + upload_.upload_id);
    return response;
  }

 private:
  absl::Status Begin() {
    if (!upload_.upload_id.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(upload_, uploads_.Create(kept_.owner, request_));
    if (!with_bytes_) return absl::OkStatus();
    ASSIGN_OR_RETURN(auto appending,
                     uploads_.Append(kept_.owner, {.upload_id = upload_.upload_id,
                                                   .at_once = bytes_.has_checksum()}));
    bytes_.Begin(std::move(appending));
    begun_with_bytes_ = true;
    return absl::OkStatus();
  }

  ResumableUploads& uploads_;
  const KeptOwner kept_;
  UploadRequest request_;
  const bool with_bytes_;
  Bytes bytes_;
  ResumableUpload upload_;
  bool begun_with_bytes_ = false;
};

class AppendSink : public Sink<pb::AppendToUploadRequest, pb::ResumableUpload> {
 public:
  AppendSink(std::unique_ptr<KeptOwner> kept, Bytes bytes)
      : kept_(std::move(kept)), bytes_(std::move(bytes)) {}

  absl::StatusOr<bool> Take(pb::AppendToUploadRequest& message) override {
    RETURN_IF_ERROR(bytes_.Take(message.data()));
    return true;
  }
  absl::StatusOr<pb::ResumableUpload> End() override {
    ASSIGN_OR_RETURN(const ResumableUpload upload, bytes_.Finish());
    return ToProto(upload, kept_->owner);
  }

 private:
  const std::unique_ptr<KeptOwner> kept_;
  Bytes bytes_;
};

}  // namespace

ResumableHandler::Receives<pb::CreateUploadRequest> ResumableHandler::CreateUpload(
    const Call& call, const pb::CreateUploadRequest& first) {
  RETURN_IF_ERROR(CheckVersion(first.tus_resumable()));
  ASSIGN_OR_RETURN(auto checksum, ChecksumOf(first.upload_checksum()));
  return std::make_unique<CreateSink>(uploads_, call, first, std::move(checksum));
}

ResumableHandler::Receives<pb::AppendToUploadRequest> ResumableHandler::AppendToUpload(
    const Call& call, const pb::AppendToUploadRequest& first) {
  RETURN_IF_ERROR(CheckVersion(first.tus_resumable()));
  auto kept = std::make_unique<KeptOwner>(call, first.case_id());
  RETURN_IF_ERROR(uploads_.Get(kept->owner, first.upload_id()).status());
  if (first.content_type() != kBytesType) {
    return Refuse(v1::UPLOAD_CONTENT_TYPE_WRONG, absl::StrCat("bytes come as ", kBytesType));
  }
  if (!first.has_upload_offset()) return RefuseField("upload_offset", "is required");
  ASSIGN_OR_RETURN(auto checksum, ChecksumOf(first.upload_checksum()));
  ResumableUploads::AppendTo to = {.upload_id = first.upload_id(),
                                   .offset = first.upload_offset(),
                                   .at_once = checksum != nullptr};
  if (first.has_upload_length()) to.length = first.upload_length();
  Bytes bytes(std::move(checksum));
  ASSIGN_OR_RETURN(auto appending, uploads_.Append(kept->owner, to));
  bytes.Begin(std::move(appending));
  return std::make_unique<AppendSink>(std::move(kept), std::move(bytes));
}

absl::StatusOr<pb::ResumableUpload> ResumableHandler::GetUpload(
    const Call& call, const pb::GetUploadRequest& request) {
  const KeptOwner kept(call, request.case_id());
  ASSIGN_OR_RETURN(const ResumableUpload upload, uploads_.Get(kept.owner, request.upload_id()));
  return ToProto(upload, kept.owner);
}

absl::StatusOr<pb::DeleteUploadResponse> ResumableHandler::DeleteUpload(
    const Call& call, const pb::DeleteUploadRequest& request) {
  const KeptOwner kept(call, request.case_id());
  RETURN_IF_ERROR(uploads_.Delete(kept.owner, request.upload_id()));
  pb::DeleteUploadResponse response;
  response.set_tus_resumable(kVersion);
  return response;
}

}  // namespace gatehouse::documents
