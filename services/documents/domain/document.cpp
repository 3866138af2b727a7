#include "services/documents/domain/document.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kNameMax = 200;  // Code points.

absl::Status Invalid(const char* reason, const char* message) {
  return Refuse(absl::StatusCode::kInvalidArgument, reason, message);
}

// What brokers and builders exchange. Nothing that a browser would run.
const std::set<std::string> kAllowed = {
    "application/pdf",
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/heic",
    "image/heif",
    "image/tiff",
    "image/bmp",
    "text/plain",
    "text/csv",
    "text/rtf",
    "application/rtf",
    "application/zip",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-outlook",
    "application/CDFV2",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "message/rfc822",
};

// What the sender may say more exactly than libmagic saw.
bool Narrows(const std::string& seen, const std::string& said) {
  if (seen == "text/plain") return said == "text/csv" || said == "message/rfc822";
  if (seen == "text/csv") return said == "text/plain";
  if (seen == "text/rtf") return said == "application/rtf";
  if (seen == "image/heif") return said == "image/heic";
  if (seen == "application/zip") {
    return absl::StartsWith(said, "application/vnd.openxmlformats-") ||
           absl::StartsWith(said, "application/vnd.oasis.");
  }
  if (seen == "application/CDFV2") {
    return absl::StartsWith(said, "application/vnd.ms-") || said == "application/msword";
  }
  return false;
}

// U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069, U+FEFF: what turns "gpj.exe" around.
bool TurnsDirection(const std::string& character) {
  static const std::set<std::string> kTurning = {"\u200e", "\u200f", "\u202a", "\u202b",
                                                 "\u202c", "\u202d", "\u202e", "\u2066",
                                                 "\u2067", "\u2068", "\u2069", "\ufeff"};
  return kTurning.count(character) != 0;
}

// The characters of a UTF-8 text; nothing if it is not UTF-8.
std::optional<std::vector<std::string>> Characters(const std::string& text) {
  std::vector<std::string> characters;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xc2 && lead < 0xe0 ? 2
                          : lead >= 0xe0 && lead < 0xf0 ? 3
                          : lead >= 0xf0 && lead < 0xf5 ? 4
                                                        : 0;
    if (length == 0 || i + length > text.size()) return std::nullopt;
    for (size_t k = 1; k < length; ++k) {
      if ((text[i + k] & 0xc0) != 0x80) return std::nullopt;
    }
    characters.push_back(text.substr(i, length));
    i += length;
  }
  return characters;
}

bool IsDeviceName(const std::string& name) {
  static const std::set<std::string> kDevices = {"CON", "PRN", "AUX", "NUL"};
  const std::string stem = absl::AsciiStrToUpper(name.substr(0, name.find('.')));
  const bool numbered = stem.size() == 4 && absl::ascii_isdigit(stem[3]) &&
                        (absl::StartsWith(stem, "COM") || absl::StartsWith(stem, "LPT"));
  return kDevices.count(stem) != 0 || numbered;
}

// Cut in the middle, so that the extension stays.
std::string Shorten(const std::vector<std::string>& characters) {
  size_t dot = characters.size();
  for (size_t i = characters.size(); i-- > 0 && characters.size() - i <= 12;) {
    if (characters[i] == ".") {
      dot = i;
      break;
    }
  }
  const size_t extension = characters.size() - dot;
  std::string name;
  for (size_t i = 0; i < characters.size(); ++i) {
    if (i < kNameMax - extension || i >= dot || characters.size() <= kNameMax)
      name += characters[i];
  }
  return name;
}

}  // namespace

std::string FolderOf(const Document& document) {
  return document.from_client ? "Client-Documents" : "Documents";
}

bool MaySee(const CaseAccess& access, const Document& document) {
  if (!document.from_client || document.case_id != access.case_id) return false;
  return access.visibility == Visibility::kAll || document.uploader_id == access.contact_id;
}

bool MaySee(const CaseAccess& access, const DocumentRequest& request) {
  if (request.case_id != access.case_id) return false;
  const auto& chosen = access.document_request_ids;
  if (!chosen.empty() &&
      std::find(chosen.begin(), chosen.end(), request.document_request_id) == chosen.end()) {
    return false;
  }
  return request.contact_id.empty() || request.contact_id == access.contact_id ||
         access.visibility == Visibility::kAll;
}

absl::StatusOr<std::string> SafeName(const std::string& name) {
  const auto characters = Characters(name.substr(name.find_last_of("/\\") + 1));
  std::vector<std::string> kept;
  for (const std::string& c : characters.value_or(std::vector<std::string>())) {
    const auto lead = static_cast<unsigned char>(c[0]);
    const bool c1 = c.size() == 2 && lead == 0xc2 && static_cast<unsigned char>(c[1]) < 0xa0;
    const bool control = (c.size() == 1 && (lead < 0x20 || lead == 0x7f)) || c1;
    const bool leading = kept.empty() && (c == "." || c == " ");
    if (!control && !leading && !TurnsDirection(c)) kept.push_back(c);
  }
  while (!kept.empty() && (kept.back() == " " || kept.back() == ".")) kept.pop_back();
  if (kept.empty()) return Invalid("FILENAME_INVALID", "the file needs a name");
  const std::string safe = Shorten(kept);
  return IsDeviceName(safe) ? "_" + safe : safe;
}

std::string AttachmentOf(const std::string& filename) {
  std::string ascii, encoded;
  for (const unsigned char c : filename) {
    const bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
    ascii += plain ? static_cast<char>(c) : '_';
    if (absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_') {
      encoded += static_cast<char>(c);
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", c);
    }
  }
  return absl::StrCat("attachment; filename=\"", ascii, "\"; filename*=UTF-8''", encoded);
}

absl::StatusOr<std::string> ContentType(const std::string& seen, const std::string& said) {
  // Parameters such as charset do not matter here.
  const std::string type(absl::StripAsciiWhitespace(said.substr(0, said.find(';'))));
  if (kAllowed.count(seen) == 0) {
    return WithFact(Invalid("CONTENT_TYPE_NOT_ALLOWED", "files of this kind are not taken"),
                    "contentType", seen);
  }
  if (type.empty() || type == "application/octet-stream" || type == seen) return seen;
  if (Narrows(seen, type)) return type;
  return WithFact(Invalid("CONTENT_TYPE_MISMATCH", "the file is not what it is said to be"),
                  "contentType", seen);
}

absl::StatusOr<std::optional<ByteRange>> ParseRange(const std::string& range, int64_t size) {
  const auto not_satisfiable = [&] {
    return WithFact(Refuse(absl::StatusCode::kOutOfRange, "RANGE_NOT_SATISFIABLE",
                           "the document has no such part"),
                    "contentRange", absl::StrCat("bytes */", size));
  };
  if (!absl::StartsWith(range, "bytes=")) return std::nullopt;
  const std::vector<std::string> ends = absl::StrSplit(range.substr(6), '-');
  const auto is_number = [](const std::string& text) {
    return !text.empty() && text.size() <= 18 &&
           text.find_first_not_of("0123456789") == std::string::npos;
  };
  if (ends.size() != 2 || (ends[0].empty() && ends[1].empty())) return std::nullopt;
  for (const std::string& end : ends) {
    if (!end.empty() && !is_number(end)) return std::nullopt;
  }
  int64_t first = 0, last = size - 1;
  if (ends[0].empty()) {
    int64_t length = 0;
    if (!absl::SimpleAtoi(ends[1], &length) || length == 0) return not_satisfiable();
    return ByteRange{std::max<int64_t>(0, size - length), last};
  }
  if (!absl::SimpleAtoi(ends[0], &first) || first >= size) return not_satisfiable();
  int64_t asked = 0;
  if (!ends[1].empty() && absl::SimpleAtoi(ends[1], &asked)) {
    if (asked < first) return std::nullopt;
    last = std::min(last, asked);
  }
  return ByteRange{first, last};
}

}  // namespace gatehouse::documents
