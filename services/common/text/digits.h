#pragma once

#include <string>

namespace gatehouse {

// What somebody typed as digits, in ASCII: decimal digits of any script (١٢٣, １２３) become 0 to
// 9; spaces and dashes of every kind and what cannot be seen (zero-width characters, directions)
// are left out, for they come with a paste. Anything else stays, so that it is no digit to the
// caller. Bytes that are no UTF-8 become U+FFFD.
std::string PlainDigits(const std::string& typed);

}  // namespace gatehouse
