#include "services/documents/blobs/s3/signature.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/base/crypto.h"

namespace gatehouse::documents {

std::string EncodeS3(absl::string_view text, bool is_path) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' ||
                       c == '_' || c == '~' || (c == '/' && is_path);
    if (plain) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

std::string S3Query(const S3Parameters& parameters) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : parameters) {
    parts.push_back(absl::StrCat(EncodeS3(name, false), "=", EncodeS3(value, false)));
  }
  std::sort(parts.begin(), parts.end());
  return absl::StrJoin(parts, "&");
}

std::string S3Date(absl::Time now) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", now, absl::UTCTimeZone());
}

std::string SignS3(const S3Credentials& credentials, const S3Signed& request, absl::Time now) {
  const std::string day = absl::FormatTime("%Y%m%d", now, absl::UTCTimeZone());
  const std::string scope = absl::StrCat(day, "/", credentials.region, "/s3/aws4_request");
  const auto name_of = [](std::string* out, const auto& header) { out->append(header.first); };
  const std::string names = absl::StrJoin(request.headers, ";", name_of);
  std::string headers;
  for (const auto& [name, value] : request.headers) {
    absl::StrAppend(&headers, name, ":", absl::StripAsciiWhitespace(value), "\n");
  }
  const std::string canonical =
      absl::StrCat(request.method, "\n", request.path, "\n", request.query, "\n", headers, "\n",
                   names, "\n", request.payload_sha256);
  const std::string to_sign =
      absl::StrCat("AWS4-HMAC-SHA256\n", S3Date(now), "\n", scope, "\n", Hex(Sha256(canonical)));
  Secret key(absl::StrCat("AWS4", credentials.secret_key.Reveal()));
  for (const std::string& step :
       {day, credentials.region, std::string("s3"), std::string("aws4_request"), to_sign}) {
    key = Secret(HmacSha256(key.Reveal(), step));
  }
  return absl::StrCat("AWS4-HMAC-SHA256 Credential=", credentials.access_key, "/", scope,
                      ",SignedHeaders=", names, ",Signature=", Hex(key.Reveal()));
}

}  // namespace gatehouse::documents
