#include "services/documents/blobs/s3/s3_writer.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/documents/blobs/s3/xml.h"
#include "services/documents/blobs/store/failures.h"

namespace gatehouse::documents {
namespace {

absl::Status Unexpected(const S3Request& request, const S3Answer& answer) {
  return StoreAway(request.what, absl::StrCat(answer.status, " ", answer.code.substr(0, 100)));
}

// What the server makes of the parts is checked by it where there is something to check.
bool IsLost(const S3Answer& answer) {
  return answer.code == "NoSuchUpload" || answer.code == "InvalidPart" ||
         answer.code == "InvalidPartOrder" || answer.code == "EntityTooSmall";
}

}  // namespace

S3Writer::S3Writer(S3Blobs& blobs, S3Client& client, std::string key)
    : blobs_(blobs),
      client_(client),
      key_(std::move(key)),
      spool_(client.settings().spool, O_RDWR | O_TMPFILE) {}

S3Writer::~S3Writer() { Abort(); }

void S3Writer::Abort() {
  if (upload_id_.empty()) return;
  // Where this fails, what RemoveAbandoned() does comes later.
  (void)client_.Ask({.what = "end an upload",
                     .method = "DELETE",
                     .key = key_,
                     .query = {{"uploadId", upload_id_}}});
  upload_id_.clear();
}

absl::Status S3Writer::Read(int64_t offset, size_t size, std::string& bytes) {
  return ReadAt(spool_, offset, size, bytes);
}

absl::Status S3Writer::Append(const std::string& bytes) {
  RETURN_IF_ERROR(WriteAll(spool_, bytes));
  written_ += static_cast<int64_t>(bytes.size());
  while (written_ - sent_ >= S3Blobs::kPartBytes) {
    RETURN_IF_ERROR(SendPart(S3Blobs::kPartBytes));
  }
  return absl::OkStatus();
}

absl::Status S3Writer::Begin() {
  S3Request request = {
      .what = "begin an upload", .method = "POST", .key = key_, .query = {{"uploads", ""}}};
  const S3Settings& settings = client_.settings();
  if (!settings.encryption.empty()) {
    request.headers["x-amz-server-side-encryption"] = settings.encryption;
  }
  if (settings.checksums) request.headers["x-amz-checksum-algorithm"] = "SHA256";
  ASSIGN_OR_RETURN(const S3Answer answer, client_.Ask(request));
  upload_id_ = XmlText(Inside(answer.body, "UploadId"));
  return answer.ok() && !upload_id_.empty() ? absl::OkStatus() : Unexpected(request, answer);
}

absl::Status S3Writer::SendPart(int64_t size) {
  if (upload_id_.empty()) RETURN_IF_ERROR(Begin());
  const S3Request request = {
      .what = "put a part",
      .method = "PUT",
      .key = key_,
      .query = {{"partNumber", absl::StrCat(parts_.size() + 1)}, {"uploadId", upload_id_}},
      .file = &spool_,
      .offset = sent_,
      .size = size};
  ASSIGN_OR_RETURN(const S3Answer answer, client_.Ask(request));
  if (!answer.ok()) return Unexpected(request, answer);
  parts_.push_back({answer.etag, answer.sha256});
  sent_ += size;
  return absl::OkStatus();
}

absl::StatusOr<bool> S3Writer::Complete() {
  S3Request request = {.what = "complete an upload",
                       .method = "POST",
                       .key = key_,
                       .query = {{"uploadId", upload_id_}}};
  request.text = "<CompleteMultipartUpload>";
  for (size_t i = 0; i < parts_.size(); ++i) {
    absl::StrAppend(&request.text, "<Part><PartNumber>", i + 1, "</PartNumber><ETag>",
                    EscapeXml(parts_[i].etag), "</ETag>");
    if (!parts_[i].checksum.empty()) {
      absl::StrAppend(&request.text, "<ChecksumSHA256>", parts_[i].checksum, "</ChecksumSHA256>");
    }
    absl::StrAppend(&request.text, "</Part>");
  }
  absl::StrAppend(&request.text, "</CompleteMultipartUpload>");
  ASSIGN_OR_RETURN(const S3Answer answer, client_.Ask(request));
  if (!answer.ok() && !IsLost(answer)) return Unexpected(request, answer);
  // An upload that is not there may have been completed by an attempt whose answer was lost; and
  // one that was completed is looked at before anybody is told.
  ASSIGN_OR_RETURN(const int64_t size, blobs_.SizeOf(key_));
  return size == written_;
}

absl::Status S3Writer::CommitParts() {
  for (const bool again : {false, true}) {
    if (again) {
      Abort();
      parts_.clear();
      sent_ = 0;
    }
    while (sent_ < written_) {
      RETURN_IF_ERROR(SendPart(std::min(S3Blobs::kPartBytes, written_ - sent_)));
    }
    ASSIGN_OR_RETURN(const bool whole, Complete());
    if (!whole) continue;
    upload_id_.clear();
    return absl::OkStatus();
  }
  return StoreAway("complete an upload", "what came in is not what was sent");
}

absl::Status S3Writer::CommitWhole() {
  S3Request request = {
      .what = "put an object", .method = "PUT", .key = key_, .file = &spool_, .size = written_};
  const std::string& encryption = client_.settings().encryption;
  if (!encryption.empty()) request.headers["x-amz-server-side-encryption"] = encryption;
  ASSIGN_OR_RETURN(const S3Answer answer, client_.Ask(request));
  if (!answer.ok()) return Unexpected(request, answer);
  ASSIGN_OR_RETURN(const int64_t size, blobs_.SizeOf(key_));
  return size == written_ ? absl::OkStatus()
                          : StoreAway("put an object", "what came in is not what was sent");
}

absl::Status S3Writer::Commit() {
  RETURN_IF_ERROR(blobs_.CheckMarked(false));
  return upload_id_.empty() ? CommitWhole() : CommitParts();
}

}  // namespace gatehouse::documents
