#pragma once

#include <string>

namespace gatehouse::notification {

// A text as the value of a header (RFC 2047): as it is where it is short, plain ASCII, else base64
// words of 75 characters at most, a line each, with whole characters. Without CR and LF of its own.
std::string EncodedHeader(const std::string& text);

}  // namespace gatehouse::notification
