#pragma once

#include <string>

namespace gatehouse::cases {

// A phone number as people write it, in E.164 (ITU-T): + and 7 to 15 digits, as identity takes it
// for a challenge; empty where it is not possible, or says more than a number: letters, an
// extension. Digits of every script are read. `region` is ISO 3166-1 alpha-2 and reads numbers
// without a country code. Debian's libphonenumber knows the ranges of 2022 only, so a number has to
// be possible (its length), not known to be valid.
std::string ToE164(const std::string& written, const std::string& region);

// The same of a mobile: as long as mobiles of its country are. `9374 4000` is a length that
// Australia knows, and no length of a number there that an SMS reaches.
std::string MobileToE164(const std::string& written, const std::string& region);

}  // namespace gatehouse::cases
