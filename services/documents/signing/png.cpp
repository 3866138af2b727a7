#include <zlib.h>

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "services/documents/signing/domain/picture.h"

// W3C's PNG specification, by its sections.
namespace gatehouse::documents {
namespace {

constexpr absl::string_view kPngStart = "\x89PNG\r\n\x1a\n";
constexpr size_t kAround = 12;  // A chunk's length, type and sum.
constexpr size_t kHeaderSize = 13;
constexpr int kPalette = 3, kFiltersMost = 4;

struct Chunk {
  absl::string_view type, data;
};

// Section 11.2.2.
struct Header {
  uint64_t width = 0, height = 0;
  int bits = 0;  // That a pixel takes.
  bool has_palette = false, interlaced = false;
};

// The pixels that are sent together: those from (x, y) on, every so many (section 8.2).
struct Pass {
  uint64_t x, y, columns, rows;
};
constexpr Pass kAtOnce = {0, 0, 1, 1};
constexpr Pass kAdam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                           {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};

const Bytef* Data(absl::string_view bytes) { return reinterpret_cast<const Bytef*>(bytes.data()); }

uint32_t NumberOf(absl::string_view bytes) {
  uint32_t number = 0;
  for (const char c : bytes.substr(0, 4)) number = number << 8 | static_cast<uint8_t>(c);
  return number;
}

// The next chunk, taken off the rest; nothing where it is cut off, or its sum is not right.
std::optional<Chunk> Next(absl::string_view& rest) {
  if (rest.size() < kAround) return std::nullopt;
  const size_t size = NumberOf(rest);
  if (size > rest.size() - kAround) return std::nullopt;
  const absl::string_view named = rest.substr(4, 4 + size);
  const uLong sum = crc32(crc32(0, nullptr, 0), Data(named), static_cast<uInt>(named.size()));
  if (NumberOf(rest.substr(8 + size)) != sum) return std::nullopt;
  rest.remove_prefix(kAround + size);
  return Chunk{named.substr(0, 4), named.substr(4)};
}

// By the colour's type and its depth; 0: there is no such picture.
int BitsOf(int colour, int depth) {
  const bool whole = depth == 8 || depth == 16;
  const bool part = depth == 1 || depth == 2 || depth == 4;
  switch (colour) {
    case 0:
      return whole || part ? depth : 0;
    case 2:
      return whole ? 3 * depth : 0;
    case kPalette:
      return depth == 8 || part ? depth : 0;
    case 4:
      return whole ? 2 * depth : 0;
    case 6:
      return whole ? 4 * depth : 0;
    default:
      return 0;
  }
}

std::optional<Header> HeaderFrom(const std::optional<Chunk>& chunk) {
  if (!chunk.has_value() || chunk->type != "IHDR" || chunk->data.size() != kHeaderSize) {
    return std::nullopt;
  }
  const absl::string_view data = chunk->data;
  const Header header = {.width = NumberOf(data),
                         .height = NumberOf(data.substr(4)),
                         .bits = BitsOf(data[9], data[8]),
                         .has_palette = data[9] == kPalette,
                         .interlaced = data[12] == 1};
  const bool known = data[10] == 0 && data[11] == 0 && (data[12] == 0 || data[12] == 1);
  return known && header.bits > 0 ? std::optional(header) : std::nullopt;
}

// What is packed in the chunks up to the last one; nothing where one is broken, out of place, or
// one that nobody knows and that nobody may pass over (section 5.4).
std::optional<std::string> PackedIn(absl::string_view rest, bool needs_palette) {
  std::string packed, before;
  bool has_palette = false, has_data = false;
  while (const auto chunk = Next(rest)) {
    const absl::string_view type = chunk->type;
    if (type == "IEND") return has_data ? std::optional(packed) : std::nullopt;
    if (type == "IDAT") {
      if ((has_data && before != "IDAT") || (needs_palette && !has_palette)) return std::nullopt;
      has_data = true;
      packed.append(chunk->data.data(), chunk->data.size());
    } else if (type == "PLTE") {
      const size_t size = chunk->data.size();
      if (has_palette || has_data || size == 0 || size > 768 || size % 3 != 0) return std::nullopt;
      has_palette = true;
    } else if (type[0] < 'a' || type[0] > 'z') {
      return std::nullopt;
    }
    before = std::string(type);
  }
  return std::nullopt;
}

class Unpacked {
 public:
  explicit Unpacked(absl::string_view packed) {
    stream_.next_in = const_cast<Bytef*>(Data(packed));
    stream_.avail_in = static_cast<uInt>(packed.size());
    ready_ = inflateInit(&stream_) == Z_OK;
  }
  ~Unpacked() { inflateEnd(&stream_); }
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;

  // Whether there are as many bytes more, which it gives.
  bool Take(std::string& bytes) {
    (void)Inflate(bytes);
    return stream_.avail_out == 0;
  }
  bool Ends() {
    std::string none(1, '\0');
    return Inflate(none) == Z_STREAM_END && stream_.avail_out == 1;
  }

 private:
  int Inflate(std::string& bytes) {
    stream_.next_out = reinterpret_cast<Bytef*>(bytes.data());
    stream_.avail_out = static_cast<uInt>(bytes.size());
    return ready_ ? inflate(&stream_, Z_SYNC_FLUSH) : Z_STREAM_ERROR;
  }

  z_stream stream_ = {};
  bool ready_ = false;
};

uint64_t CountFrom(uint64_t first, uint64_t every, uint64_t end) {
  return end > first ? (end - first + every - 1) / every : 0;
}

// Each row begins with how it is filtered (section 9).
bool HasRowsOf(const Pass& pass, const Header& header, Unpacked& unpacked) {
  const uint64_t columns = CountFrom(pass.x, pass.columns, header.width);
  if (columns == 0) return true;
  const uint64_t rows = CountFrom(pass.y, pass.rows, header.height);
  std::string line(1 + (columns * static_cast<uint64_t>(header.bits) + 7) / 8, '\0');
  for (uint64_t i = 0; i < rows; ++i) {
    if (!unpacked.Take(line) || static_cast<uint8_t>(line[0]) > kFiltersMost) return false;
  }
  return true;
}

}  // namespace

bool IsWholePng(const std::string& bytes) {
  absl::string_view rest = bytes;
  if (!absl::ConsumePrefix(&rest, kPngStart)) return false;
  const auto header = HeaderFrom(Next(rest));
  if (!header.has_value()) return false;
  const auto packed = PackedIn(rest, header->has_palette);
  if (!packed.has_value()) return false;
  Unpacked unpacked(*packed);
  if (header->interlaced) {
    for (const Pass& pass : kAdam7) {
      if (!HasRowsOf(pass, *header, unpacked)) return false;
    }
  } else if (!HasRowsOf(kAtOnce, *header, unpacked)) {
    return false;
  }
  return unpacked.Ends();
}

}  // namespace gatehouse::documents
