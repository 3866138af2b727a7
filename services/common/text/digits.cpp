#include "services/common/text/digits.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace gatehouse {

std::string PlainDigits(const std::string& typed) {
  std::string plain;
  const auto size = static_cast<int32_t>(typed.size());
  for (int32_t next = 0; next < size;) {
    const int32_t begin = next;
    UChar32 c = 0;
    U8_NEXT(typed.data(), next, size, c);
    if (c < 0) {
      plain += "\xef\xbf\xbd";
    } else if (u_charType(c) == U_DECIMAL_DIGIT_NUMBER) {
      plain += static_cast<char>('0' + u_charDigitValue(c));
    } else if (!u_hasBinaryProperty(c, UCHAR_WHITE_SPACE) && !u_hasBinaryProperty(c, UCHAR_DASH) &&
               !u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) {
      plain.append(typed, begin, next - begin);
    }
  }
  return plain;
}

}  // namespace gatehouse
