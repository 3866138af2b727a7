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
  // E.164 has at most 15 digits; what is dialled in Japan can have 17, in Germany 4.
  return text.size() < 8 || text.size() > 16 ? "" : text;
}

}  // namespace gatehouse::cases
