#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/base/secret.h"

namespace gatehouse::documents {

// Amazon's Signature Version 4 for S3 ("Authenticating Requests: Using the Authorization Header").
// libcurl 7.88 has one too, which signs other paths and queries than it sends.
struct S3Credentials {
  std::string access_key, region;
  Secret secret_key;
};

// What of a request is signed. Names of headers are in lower case, and `host` is among them.
struct S3Signed {
  std::string method;  // GET
  std::string path;    // As EncodeS3() writes it, from the host's root on.
  std::string query;   // As S3Query() writes it.
  std::map<std::string, std::string> headers;
  std::string payload_sha256;  // In hexadecimal.
};

// The value of the header `authorization`.
std::string SignS3(const S3Credentials& credentials, const S3Signed& request, absl::Time now);
// The value of `x-amz-date` at that time, which has to be among the headers.
std::string S3Date(absl::Time now);

// All but letters, digits, `-._~` and, in a path, `/` is percent-encoded.
std::string EncodeS3(absl::string_view text, bool is_path);
// Encoded, and in the order in which it is signed.
using S3Parameters = std::vector<std::pair<std::string, std::string>>;
std::string S3Query(const S3Parameters& parameters);

}  // namespace gatehouse::documents
