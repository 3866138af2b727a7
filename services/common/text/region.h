#pragma once

#include <string>

namespace gatehouse {

// Whether it is the code of a country by ISO 3166-1 alpha-2, in upper case: `GB`, and not `UK`.
bool IsRegion(const std::string& text);

}  // namespace gatehouse
