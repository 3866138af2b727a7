#include "services/documents/uploads/domain/content_type.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/documents/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/documents/uploads/domain/ole_file.h"
#include "services/documents/uploads/domain/text_kind.h"
#include "services/documents/uploads/domain/zip_file.h"

namespace gatehouse::documents {
namespace {

constexpr char kOle[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
constexpr char kOctets[] = "application/octet-stream";

// Other names of the same: what browsers and libmagic say.
const std::map<std::string, std::string> kAliases = {
    {"application/csv", "text/csv"},
    {"application/rtf", "text/rtf"},
    {"application/x-pdf", "application/pdf"},
    {"application/x-pkcs7-mime", "application/pkcs7-mime"},
    {"application/x-pkcs7-signature", "application/pkcs7-signature"},
    {"application/x-zip", "application/zip"},
    {"application/x-zip-compressed", "application/zip"},
    {"application/xml", "text/xml"},
    {"audio/mp4", "audio/x-m4a"},
    {"audio/wav", "audio/x-wav"},
    {"image/heic-sequence", "image/heic"},
    {"image/heif-sequence", "image/heif"},
    {"image/jpg", "image/jpeg"},
    {"image/pjpeg", "image/jpeg"},
    {"image/tif", "image/tiff"},
    {"image/x-ms-bmp", "image/bmp"},
    {"image/x-png", "image/png"},
    {"text/comma-separated-values", "text/csv"},
    {"text/directory", "text/vcard"},
    {"text/x-csv", "text/csv"},
    {"text/x-vcard", "text/vcard"},
    {"video/x-m4v", "video/mp4"},
};

// Kinds of their own although all their bytes may be text.
bool IsMoreThanText(const std::string& seen) {
  static const std::set<std::string> kMore = {"application/pdf", "application/postscript",
                                              "image/vnd.dxf", "text/rtf"};
  return kMore.count(seen) != 0;
}

// PKCS #7 (RFC 5652) in DER or BER: a sequence that begins with the name of its kind, id-data to
// id-encryptedData. libmagic does not know it.
bool IsSignedMessage(const std::string& head) {
  constexpr char kName[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07";
  const size_t at = head.substr(0, 16).find(kName);
  return absl::StartsWith(head, "\x30") && at != std::string::npos && at <= 6;
}

// A file of ISO's base media format (ISO/IEC 14496-12) whose brand libmagic does not know.
bool IsMedia(const std::string& head) { return head.size() > 12 && head.substr(4, 4) == "ftyp"; }

std::string BinaryType(const std::string& head, const std::string& seen,
                       const std::string& extension) {
  // Of short files with a few letters libmagic says text, whatever else is in them.
  if (seen != kOctets && !absl::StartsWith(seen, "text/")) return seen;
  if (IsSignedMessage(head)) {
    return extension == "p7s" ? "application/pkcs7-signature" : "application/pkcs7-mime";
  }
  return IsMedia(head) ? "video/mp4" : kOctets;
}

}  // namespace

bool IsDangerousType(const std::string& type) {
  static const std::set<std::string> kDangerous = {
      "application/java-archive",
      "application/vnd.android.package-archive",
      "application/vnd.microsoft.portable-executable",
      "application/x-dosexec",
      "application/x-executable",
      "application/x-java-applet",
      "application/x-mach-binary",
      "application/x-ms-shortcut",
      "application/x-msi",
      "application/x-pie-executable",
      "application/x-sharedlib",
      "application/x-shockwave-flash",
      "application/xhtml+xml",
      "image/svg+xml",
      "text/html",
      "text/x-shellscript",
  };
  return kDangerous.count(type) != 0;
}

bool IsDangerousExtension(const std::string& extension) {
  static const std::set<std::string> kDangerous = {
      "ade",  "adp",  "apk",    "app",   "appref-ms", "appx",    "bat",
      "chm",  "cmd",  "com",    "cpl",   "deb",       "desktop", "dll",
      "dmg",  "exe",  "gadget", "hlp",   "hta",       "htm",     "html",
      "inf",  "ink",  "iso",    "jar",   "jnlp",      "js",      "jse",
      "lnk",  "mde",  "mht",    "mhtml", "mjs",       "msc",     "msh",
      "msi",  "msix", "msp",    "mst",   "pif",       "pkg",     "ps1",
      "psm1", "reg",  "rpm",    "scf",   "scr",       "sct",     "settingcontent-ms",
      "sh",   "shb",  "shtml",  "svg",   "svgz",      "sys",     "url",
      "vb",   "vbe",  "vbs",    "vhd",   "vhdx",      "webloc",  "ws",
      "wsc",  "wsf",  "wsh",    "xhtml", "xll",       "xbap"};
  return kDangerous.count(extension) != 0;
}

std::string CanonicalType(const std::string& type) {
  const std::string plain =
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(type.substr(0, type.find(';'))));
  const auto alias = kAliases.find(plain);
  return alias == kAliases.end() ? plain : alias->second;
}

bool IsContainer(const std::string& head) {
  return absl::StartsWith(head, kOle) || absl::StartsWith(head, "PK\x03\x04") ||
         absl::StartsWith(head, "PK\x05\x06") || absl::StartsWith(head, "PK\x07\x08");
}

std::string TypeOf(const std::string& head, const std::string& seen, const TypeHints& hints) {
  const std::string type = CanonicalType(seen);
  if (!IsText(head)) return BinaryType(head, type, hints.extension);
  if (IsMoreThanText(type)) return type;
  const std::string markup = MarkupOf(head);
  if (!markup.empty()) return markup;
  const std::string kind = TextKind(head, hints.extension, CanonicalType(hints.said));
  // A script without a name that says otherwise; under one it is a text that somebody wrote down.
  const bool script =
      kind == "text/plain" && hints.extension.empty() && absl::StartsWith(head, "#!");
  return script ? "text/x-shellscript" : kind;
}

absl::StatusOr<std::string> ContainerTypeOf(const std::string& head, BlobReader& file, int64_t size,
                                            const TypeHints& hints) {
  if (absl::StartsWith(head, kOle)) return OleType(file, hints.extension);
  return ZipType(file, size, hints.extension);
}

absl::Status CheckType(const std::string& type, const std::string& extension,
                       const std::vector<std::string>& allowed) {
  const bool runs = IsDangerousExtension(extension);
  const bool listed = std::find(allowed.begin(), allowed.end(), type) != allowed.end();
  if (listed && !runs && !IsDangerousType(type)) return absl::OkStatus();
  absl::Status refusal =
      WithFact(Refuse(v1::CONTENT_TYPE_NOT_ALLOWED,
                      runs ? absl::StrCat("files named .", extension, " are not taken")
                           : absl::StrCat("files of this kind are not taken: ", type)),
               "contentType", type);
  return runs ? WithFact(refusal, "extension", extension) : refusal;
}

}  // namespace gatehouse::documents
