#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/documents/blobs/s3/signature.h"
#include "services/documents/blobs/store/files.h"

namespace gatehouse::documents {

// A server that speaks S3, and how it is spoken to.
struct S3Settings {
  std::string endpoint;  // https://host[:port]; buckets are in the path.
  std::string ca_file;   // The PEM file of whom to trust; empty: the system's.
  S3Credentials credentials;
  std::string encryption;  // Asked of the server for what is stored (AES256); empty: nothing.
  bool checksums = false;  // Also the header x-amz-checksum-sha256. The signature has one anyway.
  std::string spool;       // The folder in which what is written waits for its part to be whole.
  absl::Duration patience = absl::Seconds(30);      // With a request, all attempts together,
  absl::Duration stall = absl::Seconds(10);         // and with a connection on which nothing moves.
  absl::Duration marker_fresh = absl::Seconds(10);  // So long a marker that was seen is there.
};

// One request. A body is a text, or a part of a file.
struct S3Request {
  const char* what = "";  // For the log: `put a part`.
  std::string method, key;
  S3Parameters query;
  std::map<std::string, std::string> headers;  // x-amz-…, in lower case; and `range`.
  std::string text;
  const File* file = nullptr;
  int64_t offset = 0, size = 0;
  std::optional<int64_t> expects;  // So many bytes, where it answers with any.
};

struct S3Answer {
  int status = 0;
  std::string code;  // S3's own of a refusal, such as NoSuchKey; HEAD has none.
  std::string body, etag;
  std::string sha256;  // The checksum that was sent with the request, in base64; empty: none was.
  int64_t length = 0;  // As the server says it, also of HEAD.
  bool ok() const { return status / 100 == 2 && code.empty(); }
};

// One bucket. What may pass (no connection, a connection that breaks, half an answer, 5xx, 429) is
// tried again, up to five times within the patience and the deadline of the call that is served.
// Thread-safe; connections are kept.
class S3Client {
 public:
  S3Client(S3Settings settings, std::string bucket);

  // An answer that is ok, or that says something of the object or the upload. Everything else is
  // STORAGE_UNAVAILABLE (no bucket and wrong credentials too, which people mend) or STORAGE_FULL.
  absl::StatusOr<S3Answer> Ask(const S3Request& request);

  const S3Settings& settings() const { return settings_; }

 private:
  using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
  class Lease;

  // Why the attempt has failed, or its answer.
  absl::StatusOr<S3Answer> Try(const S3Request& request, const std::string& payload_sha256,
                               absl::Time end);
  std::vector<std::string> HeadersOf(const S3Request& request,
                                     const std::string& payload_sha256) const;
  std::string PathOf(const std::string& key) const;

  const S3Settings settings_;
  const std::string bucket_, host_;
  std::mutex mutex_;
  std::vector<Handle> idle_;
};

}  // namespace gatehouse::documents
