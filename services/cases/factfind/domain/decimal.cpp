#include "services/cases/factfind/domain/decimal.h"

#include <algorithm>

namespace gatehouse::cases {
namespace {

constexpr size_t kWholeMax = 12;
constexpr size_t kDecimalsMax = 6;

bool AreDigits(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<int64_t> ParseDecimal(const std::string& text, int decimals) {
  const bool negative = !text.empty() && text[0] == '-';
  const std::string number = text.substr(negative ? 1 : 0);
  const size_t point = number.find('.');
  const std::string whole = number.substr(0, point);
  std::string part = point == std::string::npos ? "" : number.substr(point + 1);
  if (!AreDigits(whole) || whole.size() > kWholeMax) return std::nullopt;
  if (whole.size() > 1 && whole[0] == '0') return std::nullopt;
  if (point != std::string::npos && !AreDigits(part)) return std::nullopt;
  if (part.size() > std::min(kDecimalsMax, static_cast<size_t>(decimals))) return std::nullopt;
  part.resize(kDecimalsMax, '0');
  const int64_t value = std::stoll(whole + part);
  return negative ? -value : value;
}

}  // namespace gatehouse::cases
