#pragma once

#include <string>
#include <string_view>

namespace gatehouse::gateway {

// What a header's value says, as a text that can be kept and shown: UTF-8 of at most `bytes_max`
// bytes, whole characters, without control characters (each becomes a space). A value that is not
// UTF-8 is read as ISO-8859-1, which it once was by definition (RFC 9110, section 5.5).
std::string HeaderText(std::string_view value, size_t bytes_max);

}  // namespace gatehouse::gateway
