#include "services/documents/uploads/domain/zip_file.h"

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "services/common/base/status.h"
#include "services/documents/uploads/domain/little_endian.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kDirectoryMax = 4 << 20;
constexpr size_t kEndMin = 22, kCommentMax = 65535;
constexpr size_t kLocator64 = 20, kEnd64 = 56;
constexpr size_t kEntryMin = 46, kLocalMin = 30;
constexpr size_t kTypeMax = 200;  // Of what an OpenDocument file says of itself.
constexpr char kEnd[] = "PK\x05\x06";
constexpr uint32_t kEntry = 0x02014b50, kIsLocator64 = 0x07064b50, kIsEnd64 = 0x06064b50;
constexpr char kOpenDocument[] = "application/vnd.oasis.opendocument.";

struct Directory {
  uint64_t offset = 0, size = 0;
};

absl::StatusOr<std::string> Bytes(BlobReader& file, uint64_t offset, uint64_t bytes) {
  std::string read;
  if (offset > INT64_MAX) return read;
  RETURN_IF_ERROR(file.Read(static_cast<int64_t>(offset), bytes, read));
  return read;
}

// ZIP64's own end, where the old one has no room for the numbers.
absl::StatusOr<std::optional<Directory>> Directory64(BlobReader& file, uint64_t end) {
  if (end < kLocator64) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string locator, Bytes(file, end - kLocator64, kLocator64));
  if (Little32(locator, 0) != kIsLocator64) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string record, Bytes(file, Little64(locator, 8), kEnd64));
  if (Little32(record, 0) != kIsEnd64) return std::nullopt;
  return Directory{.offset = Little64(record, 48), .size = Little64(record, 40)};
}

// Where the directory lies, said at the end of the file before a comment.
absl::StatusOr<std::optional<Directory>> FindDirectory(BlobReader& file, int64_t size) {
  const int64_t from = std::max<int64_t>(0, size - static_cast<int64_t>(kEndMin + kCommentMax));
  ASSIGN_OR_RETURN(const std::string tail, Bytes(file, from, kEndMin + kCommentMax));
  const size_t end = tail.rfind(kEnd);
  if (end == std::string::npos || tail.size() - end < kEndMin) return std::nullopt;
  const Directory found = {.offset = Little32(tail, end + 16), .size = Little32(tail, end + 12)};
  if (found.offset != UINT32_MAX && found.size != UINT32_MAX) return found;
  return Directory64(file, from + end);
}

struct Contents {
  bool content_types = false, word = false, excel = false, binary_excel = false, slides = false,
       visio = false, macros = false, java = false, classes = false, android = false;
  std::optional<uint64_t> type_at;  // Where the entry lies that says an OpenDocument's type.

  void Add(const std::string& name, uint64_t local) {
    content_types |= name == "[Content_Types].xml";
    word |= absl::StartsWith(name, "word/");
    excel |= absl::StartsWith(name, "xl/");
    binary_excel |= name == "xl/workbook.bin";
    slides |= absl::StartsWith(name, "ppt/");
    visio |= absl::StartsWith(name, "visio/");
    macros |= absl::EndsWith(name, "/vbaProject.bin");
    java |= name == "META-INF/MANIFEST.MF";
    classes |= absl::EndsWith(name, ".class");
    android |= name == "AndroidManifest.xml";
    if (name == "mimetype") type_at = local;
  }
};

Contents Read(const std::string& directory) {
  Contents contents;
  for (size_t at = 0; at + kEntryMin <= directory.size();) {
    if (Little32(directory, at) != kEntry) break;
    const size_t name = Little16(directory, at + 28);
    // What packs on Windows may write `\`.
    std::string path = directory.substr(at + kEntryMin, name);
    std::replace(path.begin(), path.end(), '\\', '/');
    contents.Add(path, Little32(directory, at + 42));
    at += kEntryMin + name + Little16(directory, at + 30) + Little16(directory, at + 32);
  }
  return contents;
}

std::string Office(const Contents& contents) {
  const std::string plain = "application/vnd.openxmlformats-officedocument.";
  const std::string macro = ".macroEnabled.12";
  if (contents.binary_excel) return "application/vnd.ms-excel.sheet.binary" + macro;
  if (contents.word) {
    return contents.macros ? "application/vnd.ms-word.document" + macro
                           : plain + "wordprocessingml.document";
  }
  if (contents.excel) {
    return contents.macros ? "application/vnd.ms-excel.sheet" + macro
                           : plain + "spreadsheetml.sheet";
  }
  if (contents.slides) {
    return contents.macros ? "application/vnd.ms-powerpoint.presentation" + macro
                           : plain + "presentationml.presentation";
  }
  return contents.visio ? "application/vnd.ms-visio.drawing" : "application/zip";
}

// The type that an OpenDocument file or an e-book says, where it is stored as it is; else by the
// extension.
absl::StatusOr<std::string> SaidType(BlobReader& file, uint64_t local,
                                     const std::string& extension) {
  static const std::map<std::string, std::string> kByExtension = {
      {"odt", "text"}, {"ods", "spreadsheet"}, {"odp", "presentation"}, {"odg", "graphics"}};
  ASSIGN_OR_RETURN(const std::string header, Bytes(file, local, kLocalMin));
  if (header.size() == kLocalMin && Little16(header, 8) == 0) {
    const uint64_t data = local + kLocalMin + Little16(header, 26) + Little16(header, 28);
    const uint64_t size = std::min<uint64_t>(Little32(header, 22), kTypeMax);
    ASSIGN_OR_RETURN(const std::string said, Bytes(file, data, size));
    const std::string type(absl::StripAsciiWhitespace(said));
    if (absl::StartsWith(type, kOpenDocument) || type == "application/epub+zip") return type;
  }
  const auto named = kByExtension.find(extension);
  return named == kByExtension.end() ? "application/zip" : kOpenDocument + named->second;
}

}  // namespace

absl::StatusOr<std::string> ZipType(BlobReader& file, int64_t size, const std::string& extension) {
  ASSIGN_OR_RETURN(const auto found, FindDirectory(file, size));
  if (!found.has_value()) return "application/zip";
  ASSIGN_OR_RETURN(const std::string directory,
                   Bytes(file, found->offset, std::min<uint64_t>(found->size, kDirectoryMax)));
  const Contents contents = Read(directory);
  if (contents.android) return "application/vnd.android.package-archive";
  if (contents.java && (contents.classes || extension == "jar")) return "application/java-archive";
  if (contents.content_types) return Office(contents);
  if (contents.type_at.has_value()) return SaidType(file, *contents.type_at, extension);
  return "application/zip";
}

bool IsZip(const std::string& head) { return absl::StartsWith(head, "PK"); }

absl::StatusOr<std::optional<uint64_t>> LargestZipMember(BlobReader& file, int64_t size) {
  ASSIGN_OR_RETURN(const auto found, FindDirectory(file, size));
  if (!found.has_value() || found->size > kDirectoryMax) return std::optional<uint64_t>();
  ASSIGN_OR_RETURN(const std::string directory, Bytes(file, found->offset, found->size));
  uint64_t largest = 0;
  size_t at = 0;
  while (at + kEntryMin <= directory.size() && Little32(directory, at) == kEntry) {
    // ZIP64 says 0xffffffff here, which is larger than any limit.
    largest = std::max<uint64_t>(largest, Little32(directory, at + 24));
    at += kEntryMin + Little16(directory, at + 28) + Little16(directory, at + 30) +
          Little16(directory, at + 32);
  }
  if (at != directory.size() || directory.size() != found->size) return std::optional<uint64_t>();
  return std::optional<uint64_t>(largest);
}

}  // namespace gatehouse::documents
