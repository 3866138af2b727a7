#include "services/common/text/address.h"

#include <re2/re2.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "services/common/text/characters.h"
#include "services/common/text/domain_name.h"

namespace gatehouse {
namespace {

bool IsAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

}  // namespace

bool IsEmail(const std::string& text) {
  static const RE2 kShape(
      R"([^\x00-\x20\x7f<>()\[\]\\,;:@"]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+)"
      R"([A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)");
  static const RE2 kDots(R"(^\.|\.\.|\.@)");
  return text.size() <= 254 && RE2::FullMatch(text, kShape) && !RE2::PartialMatch(text, kDots) &&
         WithoutBlanks(text) == text;
}

std::string NormalisedEmail(const std::string& text) {
  const std::string trimmed = Trim(text);
  const size_t at = trimmed.rfind('@');
  if (at == std::string::npos || IsAscii(trimmed.substr(at))) return trimmed;
  const std::string domain = DomainInAscii(trimmed.substr(at + 1));
  return domain.empty() ? trimmed : trimmed.substr(0, at + 1) + domain;
}

bool SameMailbox(const std::string& one, const std::string& other) {
  return absl::EqualsIgnoreCase(NormalisedEmail(one), NormalisedEmail(other));
}

std::string MaskPhone(const std::string& e164) {
  if (e164.size() < 8) return "••••";
  const std::string end = e164.substr(e164.size() - 4);
  return "•••• ••" + end.substr(0, 1) + " " + end.substr(1);
}

std::string MaskEmail(const std::string& email) {
  const size_t at = email.rfind('@');
  if (at == std::string::npos || at == 0) return "•••";
  return FirstCharacter(email.substr(0, at)) + "•••" + email.substr(at);
}

}  // namespace gatehouse
