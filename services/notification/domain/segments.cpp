#include "services/notification/domain/segments.h"

#include <vector>

#include "absl/strings/str_replace.h"

namespace gatehouse::notification {
namespace {

const std::u32string kBasic =
    U"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    U"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const std::u32string kExtension = U"\f^{}\\[~]|€";

// Broken UTF-8 becomes U+FFFD, a byte each.
std::u32string Decode(const std::string& text) {
  std::u32string decoded;
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const int length = byte < 0x80       ? 1
                       : byte >> 5 == 6  ? 2
                       : byte >> 4 == 14 ? 3
                       : byte >> 3 == 30 ? 4
                                         : 0;
    char32_t code = length == 1 ? byte : byte & (0x7f >> length);
    bool whole = length > 0 && i + length <= text.size();
    for (int k = 1; whole && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      whole = next >> 6 == 2;
      code = code << 6 | (next & 0x3f);
    }
    decoded += whole ? code : U'\uFFFD';
    i += whole ? length : 1;
  }
  return decoded;
}

// How many segments of `size` units characters of these widths fill, none of them split.
int Fill(const std::vector<int>& widths, int alone, int each) {
  int total = 0;
  for (const int width : widths) total += width;
  if (total == 0) return 0;
  if (total <= alone) return 1;
  int segments = 1, used = 0;
  for (const int width : widths) {
    if (used + width > each) {
      ++segments;
      used = 0;
    }
    used += width;
  }
  return segments;
}

}  // namespace

int Segments(const std::string& text) {
  std::vector<int> septets, units;
  bool gsm = true;
  for (const char32_t code : Decode(text)) {
    const bool basic = kBasic.find(code) != std::u32string::npos;
    gsm = gsm && (basic || kExtension.find(code) != std::u32string::npos);
    septets.push_back(basic ? 1 : 2);
    units.push_back(code > 0xffff ? 2 : 1);
  }
  return gsm ? Fill(septets, 160, 153) : Fill(units, 70, 67);
}

std::string Plainer(const std::string& text) {
  return absl::StrReplaceAll(text, {{"‘", "'"},
                                    {"’", "'"},
                                    {"“", "\""},
                                    {"”", "\""},
                                    {"–", "-"},
                                    {"—", "-"},
                                    {"…", "..."},
                                    {"\u00a0", " "},
                                    {"\u202f", " "}});
}

}  // namespace gatehouse::notification
