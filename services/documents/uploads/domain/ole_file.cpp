#include "services/documents/uploads/domain/ole_file.h"

#include <set>
#include <vector>

#include "services/common/base/status.h"
#include "services/documents/uploads/domain/little_endian.h"

namespace gatehouse::documents {
namespace {

constexpr char kUnknown[] = "application/x-ole-storage";
constexpr size_t kHeader = 512, kEntry = 128, kTablesInHeader = 109;
constexpr size_t kEntriesMax = 4096, kReadsMax = 65536;
constexpr uint32_t kLastSector = 0xfffffffa;  // What is above has a meaning of its own.
constexpr uint32_t kNoEntry = 0xffffffff;
// Of Windows Installer, {000C1084-0000-0000-C000-000000000046} and its patches and transforms.
constexpr char kInstaller[] = "\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46";

// An entry of the directory, a node of the tree that the entries of one storage make.
struct Entry {
  std::string name;  // As far as ASCII goes.
  uint32_t left = kNoEntry, right = kNoEntry, child = kNoEntry;
  std::string class_id;
};

// Finds its way through a file, a few bytes at a time.
class Ole {
 public:
  explicit Ole(BlobReader& file) : file_(file) {}

  // False where it is not such a file.
  absl::StatusOr<bool> Open() {
    RETURN_IF_ERROR(file_.Read(0, kHeader, header_));
    const uint16_t shift = Little16(header_, 30);
    if (header_.size() != kHeader || (shift != 9 && shift != 12)) return false;
    sector_ = size_t{1} << shift;
    ASSIGN_OR_RETURN(directory_, Chain(Little32(header_, 48)));
    return !directory_.empty();
  }

  absl::StatusOr<Entry> Get(uint32_t index) {
    const uint64_t at = uint64_t{index} * kEntry;
    if (at / sector_ >= directory_.size()) return Entry();
    ASSIGN_OR_RETURN(const std::string bytes,
                     Bytes(Offset(directory_[at / sector_]) + at % sector_, kEntry));
    Entry entry = {.left = Little32(bytes, 68),
                   .right = Little32(bytes, 72),
                   .child = Little32(bytes, 76),
                   .class_id = bytes.size() == kEntry ? bytes.substr(80, 16) : ""};
    const size_t length = Little16(bytes, 64);
    for (size_t i = 0; i + 2 < length && i < 64; i += 2) {
      const uint16_t unit = Little16(bytes, i);
      entry.name += unit < 0x80 ? static_cast<char>(unit) : '?';
    }
    return entry;
  }

 private:
  absl::StatusOr<std::string> Bytes(uint64_t offset, size_t size) {
    std::string bytes;
    if (++reads_ <= kReadsMax) {
      RETURN_IF_ERROR(file_.Read(static_cast<int64_t>(offset), size, bytes));
    }
    return bytes;
  }
  uint64_t Offset(uint32_t sector) const { return (uint64_t{sector} + 1) * sector_; }

  absl::StatusOr<uint32_t> Number(uint32_t sector, size_t index) {
    ASSIGN_OR_RETURN(const std::string bytes, Bytes(Offset(sector) + index * 4, 4));
    return bytes.size() == 4 ? Little32(bytes, 0) : kNoEntry;
  }

  // The sector that has the n-th part of the allocation table: the header names the first ones,
  // a chain of sectors the others.
  absl::StatusOr<uint32_t> Table(size_t n) {
    if (n < kTablesInHeader) return Little32(header_, 76 + n * 4);
    n -= kTablesInHeader;
    const size_t each = sector_ / 4 - 1;
    uint32_t sector = Little32(header_, 68);
    for (; n >= each; n -= each) {
      if (sector >= kLastSector) return kNoEntry;
      ASSIGN_OR_RETURN(sector, Number(sector, each));
    }
    if (sector >= kLastSector) return kNoEntry;
    return Number(sector, n);
  }

  absl::StatusOr<std::vector<uint32_t>> Chain(uint32_t first) {
    std::vector<uint32_t> sectors;
    const size_t each = sector_ / 4;
    uint32_t sector = first;
    while (sector < kLastSector && sectors.size() * sector_ < kEntriesMax * kEntry) {
      sectors.push_back(sector);
      ASSIGN_OR_RETURN(const uint32_t table, Table(sector / each));
      if (table >= kLastSector) break;
      ASSIGN_OR_RETURN(sector, Number(table, sector % each));
    }
    return sectors;
  }

  BlobReader& file_;
  std::string header_;
  size_t sector_ = 512, reads_ = 0;
  std::vector<uint32_t> directory_;
};

// The names at the root.
absl::StatusOr<std::set<std::string>> Names(Ole& ole, const Entry& root) {
  std::set<std::string> names;
  std::set<uint32_t> seen;
  std::vector<uint32_t> next = {root.child};
  while (!next.empty() && seen.size() < kEntriesMax) {
    const uint32_t index = next.back();
    next.pop_back();
    if (index == kNoEntry || !seen.insert(index).second) continue;
    ASSIGN_OR_RETURN(const Entry entry, ole.Get(index));
    names.insert(entry.name);
    next.push_back(entry.left);
    next.push_back(entry.right);
  }
  return names;
}

std::string Protected(const std::string& extension) {
  const std::string office = "application/vnd.openxmlformats-officedocument.";
  if (extension == "docx") return office + "wordprocessingml.document";
  if (extension == "xlsx") return office + "spreadsheetml.sheet";
  if (extension == "pptx") return office + "presentationml.presentation";
  return "application/encrypted";
}

}  // namespace

absl::StatusOr<std::string> OleType(BlobReader& file, const std::string& extension) {
  static const std::vector<std::pair<std::string, std::string>> kByStream = {
      {"WordDocument", "application/msword"},
      {"Workbook", "application/vnd.ms-excel"},
      {"Book", "application/vnd.ms-excel"},
      {"PowerPoint Document", "application/vnd.ms-powerpoint"},
      {"__properties_version1.0", "application/vnd.ms-outlook"},
      {"VisioDocument", "application/vnd.visio"}};
  Ole ole(file);
  ASSIGN_OR_RETURN(const bool opened, ole.Open());
  if (!opened) return kUnknown;
  ASSIGN_OR_RETURN(const Entry root, ole.Get(0));
  const std::string installer(kInstaller, sizeof(kInstaller) - 1);
  if (root.class_id.size() == 16 && root.class_id.substr(1) == installer) {
    return "application/x-msi";
  }
  ASSIGN_OR_RETURN(const auto names, Names(ole, root));
  if (names.count("EncryptedPackage") != 0) return Protected(extension);
  for (const auto& [stream, type] : kByStream) {
    if (names.count(stream) != 0) return type;
  }
  return kUnknown;
}

}  // namespace gatehouse::documents
