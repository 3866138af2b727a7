#pragma once

#include <optional>
#include <string>

namespace gatehouse::cases {

// How many decimals the major unit of a currency has, by its code in ISO 4217 (amendment 177);
// nothing for what is no currency in use there. Precious metals, units of account and test codes
// are none that an offer is made in.
std::optional<int> DecimalsOf(const std::string& currency);

}  // namespace gatehouse::cases
