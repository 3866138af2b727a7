#include "services/documents/downloads/domain/download.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {

std::string AttachmentOf(const std::string& filename) {
  std::string ascii, encoded;
  for (const char c : filename) {
    const bool continues = (c & 0xc0) == 0x80;
    const bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
    if (!continues) ascii += plain ? c : '_';
    if (absl::ascii_isalnum(c) || absl::StrContains("!#$&+-.^_`|~", std::string(1, c))) {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<uint8_t>(c));
    }
  }
  const std::string plain = absl::StrCat("attachment; filename=\"", ascii, "\"");
  return ascii == filename ? plain : absl::StrCat(plain, "; filename*=UTF-8''", encoded);
}

absl::StatusOr<std::optional<ByteRange>> ParseRange(const std::string& range, int64_t size) {
  const auto not_satisfiable = [&] {
    return WithFact(Refuse(v1::RANGE_NOT_SATISFIABLE, "the document has no such part"),
                    "contentRange", absl::StrCat("bytes */", size));
  };
  if (!absl::StartsWith(range, "bytes=")) return std::nullopt;
  const std::vector<std::string> ends = absl::StrSplit(range.substr(6), '-');
  const auto is_number = [](const std::string& text) {
    return text.find_first_not_of("0123456789") == std::string::npos;
  };
  // Players end a range at 2^64: what is beyond any file is as large as can be.
  const auto number = [](const std::string& text) {
    int64_t value = 0;
    return absl::SimpleAtoi(text, &value) ? value : std::numeric_limits<int64_t>::max();
  };
  if (ends.size() != 2 || (ends[0].empty() && ends[1].empty())) return std::nullopt;
  for (const std::string& end : ends) {
    if (!is_number(end)) return std::nullopt;
  }
  const int64_t last = size - 1;
  if (ends[0].empty()) {
    const int64_t length = number(ends[1]);
    if (length == 0) return not_satisfiable();
    return ByteRange{std::max<int64_t>(0, size - length), last};
  }
  const int64_t first = number(ends[0]);
  if (first >= size) return not_satisfiable();
  if (ends[1].empty()) return ByteRange{first, last};
  const int64_t asked = number(ends[1]);
  if (asked < first) return std::nullopt;
  return ByteRange{first, std::min(last, asked)};
}

absl::Status CheckScan(Scan scan, bool unscanned_downloads) {
  switch (scan) {
    case Scan::kClean:
      return absl::OkStatus();
    case Scan::kInfected:
      return Refuse(v1::DOCUMENT_INFECTED, "malware was found in the document");
    case Scan::kPending:
      return RefuseUntil(v1::DOCUMENT_SCAN_PENDING, "the document waits to be scanned for malware",
                         absl::Seconds(2));
    case Scan::kUnscanned:
    case Scan::kError:
      break;
  }
  if (unscanned_downloads) return absl::OkStatus();
  return Refuse(v1::DOCUMENT_NOT_SCANNED, "the document could not be scanned for malware");
}

absl::StatusOr<Download> DownloadOf(const Document& document, const std::string& range,
                                    const std::string& if_range) {
  Download download = {.part = {0, document.size_bytes - 1},
                       .etag = absl::StrCat("\"", document.sha256, "\"")};
  if (!if_range.empty() && if_range != download.etag) return download;
  ASSIGN_OR_RETURN(const auto part, ParseRange(range, document.size_bytes));
  if (!part.has_value()) return download;
  download.part = *part;
  download.partial = true;
  download.content_range =
      absl::StrCat("bytes ", part->first, "-", part->last, "/", document.size_bytes);
  return download;
}

}  // namespace gatehouse::documents
