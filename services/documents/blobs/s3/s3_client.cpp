#include "services/documents/blobs/s3/s3_client.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/base/crypto.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/documents/blobs/s3/xml.h"
#include "services/documents/blobs/store/failures.h"

namespace gatehouse::documents {
namespace {

constexpr int kAttempts = 5;
constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr size_t kAnswerMax = 2 << 20;  // Of what is no part of an object.
constexpr size_t kIdleMax = 32;
constexpr size_t kHashBytes = 256 << 10;

// One attempt under way.
struct Exchange {
  const S3Request& request;
  size_t answer_max = kAnswerMax;
  int64_t sent = 0;
  S3Answer answer;
};

size_t TakeBody(char* bytes, size_t size, size_t count, void* of) {
  auto& exchange = *static_cast<Exchange*>(of);
  std::string& body = exchange.answer.body;
  if (body.size() + size * count > exchange.answer_max) return 0;
  body.append(bytes, size * count);
  return size * count;
}

size_t TakeHeader(char* bytes, size_t size, size_t count, void* of) {
  const absl::string_view line(bytes, size * count);
  constexpr absl::string_view kEtag = "etag:";
  if (absl::StartsWithIgnoreCase(line, kEtag)) {
    static_cast<Exchange*>(of)->answer.etag =
        std::string(absl::StripAsciiWhitespace(line.substr(kEtag.size())));
  }
  return size * count;
}

size_t GiveBody(char* to, size_t size, size_t count, void* of) {
  auto& exchange = *static_cast<Exchange*>(of);
  const S3Request& request = exchange.request;
  const auto room = static_cast<int64_t>(size * count);
  const auto part = static_cast<size_t>(std::min(room, request.size - exchange.sent));
  std::string bytes;
  if (!ReadAt(*request.file, request.offset + exchange.sent, part, bytes).ok() ||
      bytes.size() != part) {
    return CURL_READFUNC_ABORT;
  }
  std::memcpy(to, bytes.data(), part);
  exchange.sent += static_cast<int64_t>(part);
  return part;
}

// A connection that was kept, and that the server had closed: once more from the beginning.
int Rewind(void* of, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Exchange*>(of)->sent = offset;
  return CURL_SEEKFUNC_OK;
}

void SetMethod(CURL* curl, Exchange& exchange) {
  const S3Request& request = exchange.request;
  if (request.file != nullptr) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.size));
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, GiveBody);
    curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, Rewind);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
  } else if (request.method == "POST" || request.method == "PUT") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.text.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.text.c_str());
  } else if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

absl::StatusOr<std::string> HashOf(const S3Request& request) {
  if (request.file == nullptr) return Sha256(request.text);
  Sha256Stream digest;
  std::string bytes;
  for (int64_t at = 0; at < request.size; at += static_cast<int64_t>(bytes.size())) {
    const auto size = static_cast<size_t>(std::min<int64_t>(kHashBytes, request.size - at));
    RETURN_IF_ERROR(ReadAt(*request.file, request.offset + at, size, bytes));
    if (bytes.size() != size) return absl::DataLossError("blobs: the spooled file was cut");
    digest.Add(bytes);
  }
  return digest.Finish();
}

bool MayPass(const S3Answer& answer) {
  for (const char* code : {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable"}) {
    if (answer.code == code) return true;
  }
  return answer.status / 100 == 5 || answer.status == 429 || answer.status == 408;
}

// S3 itself is never full: these are what others, with a quota or a disk, answer.
bool IsFull(const S3Answer& answer) {
  return answer.status == 507 || answer.code == "QuotaExceeded" ||
         answer.code == "EntityTooLarge" || answer.code == "XMinioStorageFull" ||
         answer.code == "XMinioAdminBucketQuotaExceeded";
}

// Whether the answer is about the bucket or the caller, and not about the object.
bool IsTurnedAway(const S3Answer& answer) {
  return answer.status == 401 || answer.status == 403 || answer.status / 100 == 3 ||
         answer.code == "NoSuchBucket";
}

std::string TextOf(const S3Answer& answer) {
  return absl::StrCat(answer.status, " ", answer.code.substr(0, 100));
}

}  // namespace

// A handle of the client's, which goes back with the connection that it has.
class S3Client::Lease {
 public:
  explicit Lease(S3Client& client) : client_(client), handle_(nullptr, curl_easy_cleanup) {
    const std::lock_guard lock(client_.mutex_);
    if (client_.idle_.empty()) return;
    handle_ = std::move(client_.idle_.back());
    client_.idle_.pop_back();
  }
  ~Lease() {
    const std::lock_guard lock(client_.mutex_);
    if (handle_ != nullptr && client_.idle_.size() < kIdleMax) {
      client_.idle_.push_back(std::move(handle_));
    }
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  CURL* curl() {
    if (handle_ == nullptr) handle_.reset(curl_easy_init());
    return handle_.get();
  }

 private:
  S3Client& client_;
  Handle handle_;
};

S3Client::S3Client(S3Settings settings, std::string bucket)
    : settings_(std::move(settings)),
      bucket_(std::move(bucket)),
      host_(settings_.endpoint.substr(settings_.endpoint.find("://") + 3)) {}

std::string S3Client::PathOf(const std::string& key) const {
  return absl::StrCat("/", bucket_, key.empty() ? "" : "/", EncodeS3(key, true));
}

std::vector<std::string> S3Client::HeadersOf(const S3Request& request,
                                             const std::string& payload_sha256) const {
  const absl::Time now = absl::Now();
  const std::string hash = Hex(payload_sha256);
  std::map<std::string, std::string> headers = request.headers;
  headers["host"] = host_;
  headers["x-amz-content-sha256"] = hash;
  headers["x-amz-date"] = S3Date(now);
  const std::string signature =
      SignS3(settings_.credentials,
             {request.method, PathOf(request.key), S3Query(request.query), headers, hash}, now);
  // None of those that curl would add by itself and the server might take amiss.
  std::vector<std::string> lines = {
      "Expect:", "Content-Type:", absl::StrCat("authorization: ", signature)};
  for (const auto& [name, value] : headers) lines.push_back(absl::StrCat(name, ": ", value));
  return lines;
}

absl::StatusOr<S3Answer> S3Client::Try(const S3Request& request, const std::string& payload_sha256,
                                       absl::Time end) {
  Lease lease(*this);
  CURL* curl = lease.curl();
  Exchange exchange = {.request = request};
  if (request.expects.has_value()) {
    exchange.answer_max = std::max(kAnswerMax, static_cast<size_t>(*request.expects));
  }
  std::string url = settings_.endpoint + PathOf(request.key);
  if (!request.query.empty()) absl::StrAppend(&url, "?", S3Query(request.query));
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(nullptr, curl_slist_free_all);
  for (const std::string& line : HeadersOf(request, payload_sha256)) {
    headers.reset(curl_slist_append(headers.release(), line.c_str()));
  }
  const absl::Duration left = std::max(end - absl::Now(), absl::Milliseconds(1));
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "Gatehouse/1");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, absl::ToInt64Milliseconds(settings_.stall));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, absl::ToInt64Milliseconds(left) + 1);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                   std::max<long>(1, absl::ToInt64Seconds(settings_.stall)));
  if (!settings_.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, settings_.ca_file.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, TakeHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  SetMethod(curl, exchange);
  if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK) {
    return absl::UnavailableError(curl_easy_strerror(code));
  }
  S3Answer& answer = exchange.answer;
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_off_t length = 0;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  answer.status = static_cast<int>(status);
  answer.length = length;
  // Also with a 200: the answer to the end of a multipart upload begins before its end.
  const bool is_object = status / 100 == 2 && request.expects.has_value();
  if (!is_object) answer.code = XmlText(Inside(Inside(answer.body, "Error"), "Code"));
  if (status / 100 != 2 && answer.code.empty() && request.method != "HEAD") answer.code = "none";
  if (is_object && static_cast<int64_t>(answer.body.size()) != *request.expects) {
    return absl::UnavailableError("half an answer");
  }
  return std::move(answer);
}

absl::StatusOr<S3Answer> S3Client::Ask(const S3Request& request) {
  ASSIGN_OR_RETURN(const std::string hash, HashOf(request));
  S3Request signed_request = request;
  if (settings_.checksums && request.file != nullptr) {
    signed_request.headers["x-amz-checksum-sha256"] = absl::Base64Escape(hash);
  }
  const absl::Time end = std::min(Call::Current().deadline, absl::Now() + settings_.patience);
  std::string why = "there is no time left";
  absl::Duration pause = kFirstPause;
  for (int attempt = 0; attempt < kAttempts && absl::Now() < end; ++attempt) {
    if (attempt > 0) {
      // Between the half and the whole of it, so that replicas do not come back together.
      const auto half = static_cast<unsigned char>(RandomBytes(1)[0]) / 510.0;
      absl::SleepFor(std::min(pause * (0.5 + half), end - absl::Now()));
      pause *= 3;
    }
    auto answer = Try(signed_request, hash, end);
    if (!answer.ok()) {
      why = std::string(answer.status().message());
      continue;
    }
    if (IsFull(*answer)) return StoreFull();
    if (IsTurnedAway(*answer)) return StoreAway(request.what, TextOf(*answer));
    if (!MayPass(*answer)) {
      const auto sent = signed_request.headers.find("x-amz-checksum-sha256");
      if (sent != signed_request.headers.end()) answer->sha256 = sent->second;
      return answer;
    }
    why = TextOf(*answer);
  }
  return StoreAway(request.what, why);
}

}  // namespace gatehouse::documents
