#include "services/cases/search/domain/query.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/common/text/digits.h"

namespace gatehouse::cases {

std::string NumberWord(const std::string& query) {
  std::string digits;
  for (const char c : PlainDigits(query)) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      digits += c;
    } else if (std::string("+.()/").find(c) == std::string::npos) {
      return "";
    }
  }
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.size() < 4) return "";
  std::reverse(digits.begin(), digits.end());
  return absl::StrCat("~", digits);
}

}  // namespace gatehouse::cases
