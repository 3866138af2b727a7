#include "services/common/text/phone_region.h"

#include <phonenumbers/phonenumberutil.h>

namespace gatehouse {

std::string RegionOfPhone(const std::string& e164) {
  using i18n::phonenumbers::PhoneNumberUtil;
  const PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
  i18n::phonenumbers::PhoneNumber number;
  std::string region;
  if (util.Parse(e164, "ZZ", &number) == PhoneNumberUtil::NO_PARSING_ERROR) {
    util.GetRegionCodeForNumber(number, &region);
    // Debian's ranges are those of 2022: one that was opened since belongs to the code's country.
    if (region.empty() || region == "ZZ") {
      util.GetRegionCodeForCountryCode(number.country_code(), &region);
    }
  }
  return region.empty() || region == "ZZ" ? "001" : region;
}

}  // namespace gatehouse
