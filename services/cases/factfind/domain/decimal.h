#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gatehouse::cases {

// A decimal as JSON could write it, but for exponents: `-?[0-9]{1,12}(\.[0-9]{1,6})?`, without a
// zero in front. In millionths, which an int64 holds exactly; nothing for any other text, and for
// more than `decimals` digits after the point.
std::optional<int64_t> ParseDecimal(const std::string& text, int decimals);

}  // namespace gatehouse::cases
