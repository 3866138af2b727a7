#include "services/common/text/characters.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace gatehouse {
namespace {

// Calls `each` with every character, its beginning and its end, until it returns false. What is not
// UTF-8 counts as a character by itself.
template <typename Each>
void ForEach(const std::string& text, Each each) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto length = static_cast<int32_t>(text.size());
  for (int32_t next = 0; next < length;) {
    const int32_t begin = next;
    UChar32 character;
    U8_NEXT(bytes, next, length, character);
    if (!each(character, static_cast<size_t>(begin), static_cast<size_t>(next))) return;
  }
}

// Fillers that have no ink although they count as letters or symbols.
bool IsFiller(UChar32 character) {
  return character == 0x115f || character == 0x1160 || character == 0x2800 || character == 0x3164 ||
         character == 0xffa0;
}

bool IsBlankCharacter(UChar32 character) {
  if (character < 0) return false;
  constexpr uint32_t kBlank = U_GC_Z_MASK | U_GC_CC_MASK | U_GC_CF_MASK;
  return (U_GET_GC_MASK(character) & kBlank) != 0 || IsFiller(character) ||
         u_hasBinaryProperty(character, UCHAR_VARIATION_SELECTOR) != 0;
}

bool IsSpaceOrControl(UChar32 character) {
  return character >= 0 && (U_GET_GC_MASK(character) & (U_GC_Z_MASK | U_GC_CC_MASK)) != 0;
}

}  // namespace

bool IsBlank(const std::string& text) { return Trim(text).empty(); }

std::string Trim(const std::string& text) {
  size_t first = text.size(), last = 0;
  ForEach(text, [&](UChar32 character, size_t begin, size_t end) {
    if (IsBlankCharacter(character)) return true;
    first = std::min(first, begin);
    last = end;
    return true;
  });
  return first < last ? text.substr(first, last - first) : "";
}

std::string OneLine(const std::string& text) {
  std::string line;
  bool space = false;
  const std::string trimmed = Trim(text);
  ForEach(trimmed, [&](UChar32 character, size_t begin, size_t end) {
    const bool blank = IsSpaceOrControl(character);
    if (blank && !space) line += ' ';
    if (!blank) line.append(trimmed, begin, end - begin);
    space = blank;
    return true;
  });
  return line;
}

std::string Cut(const std::string& text, size_t max) {
  size_t count = 0, length = 0;
  ForEach(text, [&](UChar32, size_t, size_t end) {
    if (count++ == max) return false;
    length = end;
    return true;
  });
  return text.substr(0, length);
}

std::string FirstCharacter(const std::string& text) {
  size_t length = 0;
  ForEach(text, [&](UChar32 character, size_t begin, size_t end) {
    const bool mark = character >= 0 && (U_GET_GC_MASK(character) & U_GC_M_MASK) != 0;
    if (begin > 0 && !mark) return false;
    length = end;
    return true;
  });
  return text.substr(0, length);
}

std::string WithoutBlanks(const std::string& text) {
  std::string dense;
  ForEach(text, [&](UChar32 character, size_t begin, size_t end) {
    if (!IsBlankCharacter(character)) dense.append(text, begin, end - begin);
    return true;
  });
  return dense;
}

bool HasLetter(const std::string& text) {
  bool found = false;
  ForEach(text, [&](UChar32 character, size_t, size_t) {
    found = character >= 0 && u_isalpha(character) != 0;
    return !found;
  });
  return found;
}

}  // namespace gatehouse
