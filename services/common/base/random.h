#pragma once

#include <string>

namespace gatehouse {

// `size` bytes from the operating system's generator.
std::string RandomBytes(size_t size);

// 256 random bits as 43 characters of base64url (RFC 4648, section 5, unpadded).
std::string RandomToken();

// A new id: `prefix`, `_`, and a 128-bit value in 26 characters of lower-case Crockford base32: 48
// bits of Unix milliseconds, then 80 random bits, so that ids sort by the time they were made.
std::string NewId(const std::string& prefix);

}  // namespace gatehouse
