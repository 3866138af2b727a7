#pragma once

#include <string>

namespace gatehouse {

// The country of an E.164 number, ISO 3166-1 alpha-2, also where several share a calling code:
// `+1 876 …` is JM, `+1 212 …` US. `001` for a number of no country (satellites, freephone), and
// for one of a range that nobody has. Who uses it links libphonenumber.a and icui18n.
std::string RegionOfPhone(const std::string& e164);

}  // namespace gatehouse
