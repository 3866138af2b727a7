#include "services/gateway/http/header_text.h"

#include <simdjson.h>

namespace gatehouse::gateway {
namespace {

std::string FromLatin1(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xc0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return text;
}

bool ContinuesCharacter(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string HeaderText(std::string_view value, size_t bytes_max) {
  const bool utf8 = simdjson::validate_utf8(value.data(), value.size());
  std::string text = utf8 ? std::string(value) : FromLatin1(value);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too.
    const bool high = byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (byte < 0x20 || byte == 0x7f) text[i] = ' ';
    if (high) text.replace(i, 2, " ");
  }
  size_t size = std::min(text.size(), bytes_max);
  while (size < text.size() && size > 0 && ContinuesCharacter(text[size])) --size;
  text.resize(size);
  return text;
}

}  // namespace gatehouse::gateway
