#pragma once

#include <string>

namespace gatehouse {

// By what an address is counted: who has one IPv6 address has 2^64 of them, so that it is the /64
// that counts; any other one, and what is none, is counted as it is.
std::string NetworkOf(const std::string& address);

}  // namespace gatehouse
