#include "absl/strings/match.h"
#include "services/common/base/status.h"
#include "services/documents/signing/domain/picture.h"
#include "services/documents/signing/domain/signature_request.h"

namespace gatehouse::documents {
namespace {

constexpr uint32_t kWidthMax = 2000, kHeightMax = 1000;

// A PNG begins with its signature and the chunk IHDR, which begins with width and height (W3C's PNG
// specification, sections 5.2 and 11.2.2).
constexpr absl::string_view kPngStart("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16);

uint32_t NumberAt(const std::string& bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = at; i < at + 4; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

absl::Status CheckPng(const std::string& bytes) {
  if (bytes.size() < kPngStart.size() + 8 || !absl::StartsWith(bytes, kPngStart)) {
    return RefuseField("drawn_png", "must be a PNG");
  }
  const uint32_t width = NumberAt(bytes, 16), height = NumberAt(bytes, 20);
  if (width == 0 || height == 0 || width > kWidthMax || height > kHeightMax) {
    return RefuseField("drawn_png", "must have at most 2,000 by 1,000 pixels");
  }
  // Who signed would else read its name where it drew something.
  return IsWholePng(bytes) ? absl::OkStatus()
                           : RefuseField("drawn_png", "must be a PNG that can be read");
}

}  // namespace

absl::Status CheckAutograph(const Autograph& autograph) {
  if (autograph.typed_name.empty() == autograph.drawn_png.empty()) {
    return RefuseField("typed_name", "must be set, or drawn_png, and not both");
  }
  return autograph.drawn_png.empty() ? absl::OkStatus() : CheckPng(autograph.drawn_png);
}

}  // namespace gatehouse::documents
