#include "services/documents/blobs/s3/s3_blobs.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/documents/blobs/s3/s3_writer.h"
#include "services/documents/blobs/s3/xml.h"
#include "services/documents/blobs/store/failures.h"

namespace gatehouse::documents {
namespace {

constexpr char kMarker[] = "blobs/.gatehouse-store";
constexpr int64_t kMarkerMax = 100;
constexpr absl::Duration kTryEvery = absl::Seconds(30);
constexpr int kPagesMax = 20;  // Of uploads that nobody ended, at a time; a page has up to 1,000.

absl::Status Missing() {
  return absl::DataLossError("blobs: a document's bytes are not in the store");
}

absl::Status Unexpected(const char* what, const S3Answer& answer) {
  return StoreAway(what, absl::StrCat(answer.status, " ", answer.code.substr(0, 100)));
}

// Each Read() is a request of its own: nothing waits at the server for whoever is slow.
class Reader : public BlobReader {
 public:
  Reader(S3Client& client, std::string key, int64_t size)
      : client_(client), key_(std::move(key)), size_(size) {}

  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override {
    bytes.clear();
    const int64_t end = std::min(size_, offset + static_cast<int64_t>(size));
    if (offset >= end) return absl::OkStatus();
    ASSIGN_OR_RETURN(
        S3Answer answer,
        client_.Ask({.what = "read an object",
                     .method = "GET",
                     .key = key_,
                     .headers = {{"range", absl::StrCat("bytes=", offset, "-", end - 1)}},
                     .expects = end - offset}));
    if (answer.status == 404) return Missing();
    // A server that ignores the range and has as many bytes has sent all.
    const bool is_part = answer.status == 206 || end - offset == size_;
    if (!answer.ok() || !is_part) return Unexpected("read an object", answer);
    bytes = std::move(answer.body);
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> Size() override { return size_; }

 private:
  S3Client& client_;
  const std::string key_;
  const int64_t size_;
};

}  // namespace

S3Blobs::S3Blobs(S3Settings settings, const std::string& bucket, const std::string& prefix)
    : client_(std::move(settings), bucket),
      prefix_(prefix),
      name_(absl::StrCat("s3://", bucket, "/", prefix)) {}

std::string S3Blobs::KeyOf(const std::string& organisation_id, const std::string& id) const {
  return absl::StrCat(prefix_, "blobs/", organisation_id, "/", id);
}

absl::StatusOr<std::string> S3Blobs::Marker() {
  ASSIGN_OR_RETURN(
      const S3Answer answer,
      client_.Ask({.what = "look for the marker", .method = "GET", .key = prefix_ + kMarker}));
  if (answer.status == 404) return std::string();
  if (!answer.ok() || answer.body.size() > kMarkerMax) {
    return Unexpected("look for the marker", answer);
  }
  return std::string(absl::StripAsciiWhitespace(answer.body));
}

absl::Status S3Blobs::CheckMarked(bool afresh) {
  {
    const std::lock_guard lock(mutex_);
    const bool fresh = absl::Now() - marked_time_ < client_.settings().marker_fresh;
    if (fresh && !afresh) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string marker, Marker());
  if (marker.empty()) return NoStore();
  const std::lock_guard lock(mutex_);
  marked_time_ = absl::Now();
  return absl::OkStatus();
}

absl::Status S3Blobs::Put(const char* what, const std::string& key, const std::string& text) {
  ASSIGN_OR_RETURN(const S3Answer answer,
                   client_.Ask({.what = what, .method = "PUT", .key = key, .text = text}));
  return answer.ok() ? absl::OkStatus() : Unexpected(what, answer);
}

absl::Status S3Blobs::Mark(const std::string& store_id) {
  return Put("write the marker", prefix_ + kMarker, store_id + "\n");
}

absl::StatusOr<std::unique_ptr<BlobWriter>> S3Blobs::Write(const std::string& organisation_id,
                                                           const std::string& id) {
  RETURN_IF_ERROR(CheckMarked(false));
  auto writer = std::make_unique<S3Writer>(*this, client_, KeyOf(organisation_id, id));
  if (!writer->ok()) return FromErrno("make a file in the spool");
  return writer;
}

absl::StatusOr<int64_t> S3Blobs::SizeOf(const std::string& key) {
  ASSIGN_OR_RETURN(const S3Answer answer,
                   client_.Ask({.what = "look at an object", .method = "HEAD", .key = key}));
  if (answer.status == 404) return -1;
  if (!answer.ok()) return Unexpected("look at an object", answer);
  return answer.length;
}

absl::StatusOr<std::unique_ptr<BlobReader>> S3Blobs::Read(const std::string& organisation_id,
                                                          const std::string& id) {
  const std::string key = KeyOf(organisation_id, id);
  ASSIGN_OR_RETURN(const int64_t size, SizeOf(key));
  if (size >= 0) return std::make_unique<Reader>(client_, key, size);
  RETURN_IF_ERROR(CheckMarked(true));
  return Missing();
}

absl::Status S3Blobs::Remove(const std::string& organisation_id, const std::string& id) {
  ASSIGN_OR_RETURN(const S3Answer answer, client_.Ask({.what = "remove an object",
                                                       .method = "DELETE",
                                                       .key = KeyOf(organisation_id, id)}));
  if (answer.status != 404 && !answer.ok()) return Unexpected("remove an object", answer);
  // Not there, or nothing is: S3 says the same of both.
  return CheckMarked(true);
}

absl::Status S3Blobs::RemoveAbandoned(absl::Time before) {
  RETURN_IF_ERROR(CheckMarked(true));
  S3Parameters from;
  for (int page = 0; page < kPagesMax; ++page) {
    S3Request list = {.what = "list uploads", .method = "GET"};
    list.query = {{"uploads", ""}, {"prefix", prefix_ + "blobs/"}};
    list.query.insert(list.query.end(), from.begin(), from.end());
    ASSIGN_OR_RETURN(const S3Answer answer, client_.Ask(list));
    if (!answer.ok()) return Unexpected(list.what, answer);
    for (const absl::string_view upload : AllInside(answer.body, "Upload")) {
      absl::Time begun;
      const std::string initiated(Inside(upload, "Initiated"));
      if (!absl::ParseTime(absl::RFC3339_full, initiated, &begun, nullptr)) continue;
      if (begun >= before) continue;
      RETURN_IF_ERROR(client_
                          .Ask({.what = "end an upload",
                                .method = "DELETE",
                                .key = XmlText(Inside(upload, "Key")),
                                .query = {{"uploadId", XmlText(Inside(upload, "UploadId"))}}})
                          .status());
    }
    if (Inside(answer.body, "IsTruncated") != "true") break;
    from = {{"key-marker", XmlText(Inside(answer.body, "NextKeyMarker"))},
            {"upload-id-marker", XmlText(Inside(answer.body, "NextUploadIdMarker"))}};
  }
  return absl::OkStatus();
}

absl::Status S3Blobs::TryToWrite() {
  RETURN_IF_ERROR(CheckMarked(true));
  {
    const std::lock_guard lock(mutex_);
    if (absl::Now() - tried_time_ < kTryEvery) return absl::OkStatus();
  }
  const std::string key = prefix_ + NewId("incoming/try");
  RETURN_IF_ERROR(Put("try to write", key, "?"));
  RETURN_IF_ERROR(client_.Ask({.what = "try to remove", .method = "DELETE", .key = key}).status());
  const std::lock_guard lock(mutex_);
  tried_time_ = absl::Now();
  return absl::OkStatus();
}

absl::Status S3Blobs::Ready() {
  const absl::Status tried = TryToWrite();
  const bool available = tried.ok() || ReasonOf(tried) == "STORAGE_FULL";
  SetGauge("gatehouse_storage_available", {}, available ? 1 : 0);
  return available ? absl::OkStatus() : tried;
}

}  // namespace gatehouse::documents
