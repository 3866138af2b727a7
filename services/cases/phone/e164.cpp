#include "services/cases/phone/e164.h"

#include <phonenumbers/phonenumberutil.h>

#include "absl/strings/str_replace.h"
#include "services/common/text/characters.h"
#include "services/common/text/digits.h"

namespace gatehouse::cases {

std::string ToE164(const std::string& written, const std::string& region) {
  // A letter makes it a vanity number, an extension or a remark: nothing that an SMS goes to.
  if (HasLetter(written) || written.find_first_of(";#*,") != std::string::npos) return "";
  const std::string number = absl::StrReplaceAll(PlainDigits(written), {{"＋", "+"}});
  using i18n::phonenumbers::PhoneNumberUtil;
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  i18n::phonenumbers::PhoneNumber parsed;
  // A number that is possible within its own town only lacks the area code.
  if (util.Parse(number, region, &parsed) != PhoneNumberUtil::NO_PARSING_ERROR ||
      util.IsPossibleNumberWithReason(parsed) != PhoneNumberUtil::IS_POSSIBLE) {
    return "";
  }
  std::string text;
  util.Format(parsed, PhoneNumberUtil::E164, &text);
  // E.164 has at most 15 digits; what is dialled in Japan can have 17, in Germany 4.
  return text.size() < 8 || text.size() > 16 ? "" : text;
}

}  // namespace gatehouse::cases
