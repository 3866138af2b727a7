// Drawn signatures: which pictures are whole.
#include "services/documents/signing/domain/picture.h"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/documents/previews/tests/pictures.h"

namespace gatehouse::documents {
namespace {

constexpr char kStart[] = "\x89PNG\r\n\x1a\n";

std::string Packed(const std::string& rows) {
  uLongf size = compressBound(rows.size());
  std::string packed(size, '\0');
  compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
            reinterpret_cast<const Bytef*>(rows.data()), rows.size(), 9);
  packed.resize(size);
  return packed;
}

// Of width, height, depth, colour and whether it is interlaced.
std::string Header(char width, char height, char depth, char colour, char interlaced = 0) {
  const std::string none(3, '\0');
  return PngChunk("IHDR", absl::StrCat(none, std::string(1, width), none, std::string(1, height)) +
                              std::string({depth, colour, 0, 0, interlaced}));
}
std::string With(const std::string& header, const std::vector<std::string>& chunks) {
  std::string png = kStart + header;
  for (const std::string& chunk : chunks) png += chunk;
  return png + PngChunk("IEND", "");
}
std::string Zeros(size_t count) { return std::string(count, '\0'); }

// Eight by eight, of grey.
const std::string kGrey = Header(8, 8, 8, 0);
const std::string kRows = Packed(Zeros(8 * 9));

bool Holds(const std::string& header, size_t bytes) {
  return IsWholePng(With(header, {PngChunk("IDAT", Packed(Zeros(bytes)))}));
}

TEST_CASE("a picture is whole, of whatever colours, and in however many parts", "[unit]") {
  CHECK(IsWholePng(Png(40, 20)));
  CHECK(Holds(kGrey, 8 * 9));
  CHECK(Holds(Header(9, 2, 1, 0), 2 * 3));
  CHECK(Holds(Header(3, 2, 16, 6), 2 * 25));
  CHECK(Holds(Header(3, 2, 8, 4), 2 * 7));
  // By Adam7: one row each of the first six passes but the fourth's two, and what is between.
  CHECK(Holds(Header(8, 8, 8, 0, 1), 2 + 2 + 3 + 2 * 3 + 2 * 5 + 4 * 5 + 4 * 9));
  CHECK(Holds(Header(1, 1, 8, 0, 1), 2));
  CHECK(IsWholePng(With(
      kGrey, {PngChunk("tEXt", "a"), PngChunk("IDAT", kRows.substr(0, 3)), PngChunk("IDAT", ""),
              PngChunk("IDAT", kRows.substr(3)), PngChunk("tIME", "1234567")})));
  CHECK(IsWholePng(With(Header(8, 8, 8, 3), {PngChunk("PLTE", "rgb"), PngChunk("IDAT", kRows)})));
}

TEST_CASE("what is cut off anywhere, or damaged anywhere, is not whole", "[unit]") {
  const std::string png = With(kGrey, {PngChunk("IDAT", kRows)});
  REQUIRE(IsWholePng(png));
  for (size_t size = 0; size < png.size(); ++size) CHECK_FALSE(IsWholePng(png.substr(0, size)));
  for (size_t at = 0; at < png.size(); ++at) {
    std::string damaged = png;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    INFO(at);
    CHECK_FALSE(IsWholePng(damaged));
  }
}

TEST_CASE("parts that are whole make no picture where rows are missing or too many", "[unit]") {
  CHECK_FALSE(IsWholePng(With(kGrey, {})));
  CHECK_FALSE(IsWholePng(With(kGrey, {PngChunk("IDAT", "")})));
  CHECK_FALSE(IsWholePng(With(kGrey, {PngChunk("IDAT", "no zlib")})));
  for (size_t size = 0; size < kRows.size(); ++size) {
    CHECK_FALSE(IsWholePng(With(kGrey, {PngChunk("IDAT", kRows.substr(0, size))})));
  }
  CHECK_FALSE(Holds(kGrey, 8 * 9 - 1));
  CHECK_FALSE(Holds(kGrey, 8 * 9 + 1));
  CHECK_FALSE(Holds(kGrey, 100 << 20));  // A tenth of a megabyte, packed.
  CHECK_FALSE(Holds(Header(8, 8, 8, 0, 1), 8 * 9));
  std::string filtered = Zeros(8 * 9);
  filtered[9] = 5;
  CHECK_FALSE(IsWholePng(With(kGrey, {PngChunk("IDAT", Packed(filtered))})));
}

TEST_CASE("a picture of no kind that there is is none", "[unit]") {
  const std::string data = PngChunk("IDAT", kRows), palette = PngChunk("PLTE", "rgb");
  for (const auto& header :
       {Header(8, 8, 3, 0), Header(8, 8, 16, 3), Header(8, 8, 4, 2), Header(8, 8, 8, 1),
        Header(8, 8, 8, 0, 2), PngChunk("IHDR", "short"), std::string()}) {
    CHECK_FALSE(IsWholePng(With(header, {palette, data})));
  }
  const std::string indexed = Header(8, 8, 8, 3);
  CHECK_FALSE(IsWholePng(With(indexed, {data})));
  CHECK_FALSE(IsWholePng(With(indexed, {data, palette})));
  CHECK_FALSE(IsWholePng(With(indexed, {PngChunk("PLTE", "rg"), data})));
  CHECK_FALSE(IsWholePng(With(kGrey, {kGrey, data})));
  CHECK_FALSE(IsWholePng(With(kGrey, {PngChunk("NEWS", ""), data})));
  CHECK_FALSE(IsWholePng(With(kGrey, {data, PngChunk("tEXt", ""), PngChunk("IDAT", "")})));
}

}  // namespace
}  // namespace gatehouse::documents
