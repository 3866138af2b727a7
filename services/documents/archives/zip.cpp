#include "services/documents/archives/zip.h"

#include "absl/strings/str_cat.h"

namespace gatehouse::documents {
namespace {

// Section 4.4: version 4.5, for sizes of 64 bits; made by Unix (3); the checksum comes behind the
// bytes (bit 3), and names are UTF-8 (bit 11).
constexpr uint16_t kVersion = 45, kMadeBy = 3 << 8 | kVersion, kFlags = 1 << 3 | 1 << 11;
constexpr uint32_t kElsewhere = 0xffffffff;  // The number of 64 bits is in an extra field.
constexpr uint32_t kRegularFile = 0100644U << 16;
// Sections 4.3.7, 4.3.9, 4.3.12, 4.3.14 to 4.3.16, and 4.5.3.
constexpr uint32_t kLocal = 0x04034b50, kDescriptor = 0x08074b50, kCentral = 0x02014b50,
                   kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50, kEnd = 0x06054b50;
constexpr uint16_t kExtra64 = 1;
constexpr int64_t kEnd64Size = 44;  // Of what follows that number.

template <typename Number>
void Put(std::string& bytes, Number number) {
  for (size_t i = 0; i < sizeof number; ++i) {
    bytes.push_back(static_cast<char>(static_cast<uint64_t>(number) >> (8 * i)));
  }
}
template <typename... Numbers>
std::string Of(Numbers... numbers) {
  std::string bytes;
  (Put(bytes, numbers), ...);
  return bytes;
}

uint16_t DateOf(absl::CivilSecond time) {
  return static_cast<uint16_t>((time.year() - 1980) << 9 | time.month() << 5 | time.day());
}
uint16_t TimeOf(absl::CivilSecond time) {
  return static_cast<uint16_t>(time.hour() << 11 | time.minute() << 5 | time.second() / 2);
}

std::string LocalExtra(int64_t size) {
  return Of(kExtra64, uint16_t{16}, static_cast<uint64_t>(size), static_cast<uint64_t>(size));
}

}  // namespace

Zip::Zip(std::vector<File> files, absl::Time time)
    : files_(std::move(files)),
      date_(DateOf(absl::ToCivilSecond(time, absl::UTCTimeZone()))),
      time_(TimeOf(absl::ToCivilSecond(time, absl::UTCTimeZone()))) {}

// From the version to the length of the name, which local and central headers have both.
std::string Zip::CommonOf(const File& file, uint32_t checksum) const {
  return Of(kVersion, kFlags, uint16_t{0}, time_, date_, checksum, kElsewhere, kElsewhere,
            static_cast<uint16_t>(file.name.size()));
}

std::string Zip::Begin() {
  const File& file = files_[written_.size()];
  written_.push_back({.offset = at_});
  checksum_.reset();
  const std::string extra = LocalExtra(file.size);
  const std::string header = absl::StrCat(
      Of(kLocal), CommonOf(file, 0), Of(static_cast<uint16_t>(extra.size())), file.name, extra);
  at_ += static_cast<int64_t>(header.size()) + file.size;
  return header;
}

void Zip::Add(absl::string_view bytes) { checksum_.process_bytes(bytes.data(), bytes.size()); }

std::string Zip::End() {
  const auto size = static_cast<uint64_t>(files_[written_.size() - 1].size);
  written_.back().checksum = checksum_.checksum();
  const std::string descriptor = Of(kDescriptor, written_.back().checksum, size, size);
  at_ += static_cast<int64_t>(descriptor.size());
  return descriptor;
}

std::string Zip::Directory() const {
  std::string central;
  for (size_t i = 0; i < written_.size(); ++i) {
    const File& file = files_[i];
    const auto size = static_cast<uint64_t>(file.size);
    const auto offset = static_cast<uint64_t>(written_[i].offset);
    const std::string extra = Of(kExtra64, uint16_t{24}, size, size, offset);
    absl::StrAppend(&central, Of(kCentral, kMadeBy), CommonOf(file, written_[i].checksum),
                    Of(static_cast<uint16_t>(extra.size()), uint16_t{0}, uint16_t{0}, uint16_t{0},
                       kRegularFile, kElsewhere),
                    file.name, extra);
  }
  const uint64_t count = written_.size(), size = central.size(), at = static_cast<uint64_t>(at_);
  return absl::StrCat(central,
                      Of(kEnd64, uint64_t{kEnd64Size}, kMadeBy, kVersion, uint32_t{0}, uint32_t{0},
                         count, count, size, at),
                      Of(kEnd64Locator, uint32_t{0}, at + size, uint32_t{1}),
                      Of(kEnd, uint16_t{0}, uint16_t{0}, uint16_t{0xffff}, uint16_t{0xffff},
                         kElsewhere, kElsewhere, uint16_t{0}));
}

int64_t Zip::Size() const {
  Zip measured(files_, absl::UnixEpoch());
  for (size_t i = 0; i < files_.size(); ++i) {
    (void)measured.Begin();
    (void)measured.End();
  }
  return measured.at_ + static_cast<int64_t>(measured.Directory().size());
}

}  // namespace gatehouse::documents
