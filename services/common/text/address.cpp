#include "services/common/text/address.h"

#include <re2/re2.h>

namespace gatehouse {

bool IsEmail(const std::string& text) {
  static const RE2 kShape(
      R"([^\x00-\x20\x7f<>()\[\]\\,;:@"]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+)"
      R"([A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)");
  static const RE2 kDots(R"(^\.|\.\.|\.@)");
  return text.size() <= 254 && RE2::FullMatch(text, kShape) && !RE2::PartialMatch(text, kDots);
}

std::string MaskPhone(const std::string& e164) {
  if (e164.size() < 8) return "••••";
  const std::string end = e164.substr(e164.size() - 4);
  return "•••• ••" + end.substr(0, 1) + " " + end.substr(1);
}

std::string MaskEmail(const std::string& email) {
  const size_t at = email.rfind('@');
  if (at == std::string::npos || at == 0) return "•••";
  return email.substr(0, 1) + "•••" + email.substr(at);
}

}  // namespace gatehouse
