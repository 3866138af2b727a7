#include "services/cases/phone/e164.h"

#include <phonenumbers/phonenumberutil.h>

#include <optional>

#include "absl/strings/str_replace.h"
#include "services/common/text/characters.h"
#include "services/common/text/digits.h"

namespace gatehouse::cases {
namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

const PhoneNumberUtil& Util() { return *PhoneNumberUtil::GetInstance(); }

std::optional<PhoneNumber> Parse(const std::string& written, const std::string& region) {
  // A letter makes it a vanity number, an extension or a remark: nothing that an SMS goes to.
  if (HasLetter(written) || written.find_first_of(";#*,") != std::string::npos) return std::nullopt;
  const std::string number = absl::StrReplaceAll(PlainDigits(written), {{"＋", "+"}});
  PhoneNumber parsed;
  // A number that is possible within its own town only lacks the area code.
  if (Util().Parse(number, region, &parsed) != PhoneNumberUtil::NO_PARSING_ERROR ||
      Util().IsPossibleNumberWithReason(parsed) != PhoneNumberUtil::IS_POSSIBLE) {
    return std::nullopt;
  }
  return parsed;
}

std::string Format(const PhoneNumber& number) {
  std::string text;
  Util().Format(number, PhoneNumberUtil::E164, &text);
  // E.164 has at most 15 digits; what is dialled in Japan can have 17, in Germany 4.
  return text.size() < 8 || text.size() > 16 ? "" : text;
}

}  // namespace

std::string ToE164(const std::string& written, const std::string& region) {
  const auto number = Parse(written, region);
  return number.has_value() ? Format(*number) : "";
}

std::string MobileToE164(const std::string& written, const std::string& region) {
  const auto number = Parse(written, region);
  const bool possible =
      number.has_value() && Util().IsPossibleNumberForTypeWithReason(
                                *number, PhoneNumberUtil::MOBILE) == PhoneNumberUtil::IS_POSSIBLE;
  return possible ? Format(*number) : "";
}

}  // namespace gatehouse::cases
