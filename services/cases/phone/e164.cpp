#include "services/cases/phone/e164.h"

#include <phonenumbers/phonenumberutil.h>

namespace gatehouse::cases {

std::string ToE164(const std::string& number, const std::string& region) {
  using i18n::phonenumbers::PhoneNumberUtil;
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  i18n::phonenumbers::PhoneNumber parsed;
  if (util.Parse(number, region, &parsed) != PhoneNumberUtil::NO_PARSING_ERROR ||
      !util.IsPossibleNumber(parsed)) {
    return "";
  }
  std::string text;
  util.Format(parsed, PhoneNumberUtil::E164, &text);
  return text;
}

}  // namespace gatehouse::cases
