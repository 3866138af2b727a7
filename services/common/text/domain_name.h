#pragma once

#include <string>

namespace gatehouse {

// A domain name in ASCII and lower case (UTS 46): exämple.com → xn--exmple-cua.com. Empty where it
// cannot be one, or ends in a dot.
std::string DomainInAscii(const std::string& domain);

}  // namespace gatehouse
