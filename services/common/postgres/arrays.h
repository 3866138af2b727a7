#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gatehouse {

// Array literals, to be cast by the statement: $1::text[], $1::bigint[], $1::bytea[].
std::string SqlArray(const std::vector<std::string>& texts);
std::string SqlArray(const std::vector<int64_t>& numbers);
std::string SqlArrayOfBytes(const std::vector<std::string>& values);

}  // namespace gatehouse
