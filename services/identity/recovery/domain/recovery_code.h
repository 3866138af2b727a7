#pragma once

#include <string>

namespace gatehouse::identity {

constexpr int kRecoveryCodes = 10;

// A new code, such as `7KQ2-M9XD-03FH-TN5V`: 80 bits (NIST SP 800-63B-4, 3.1.2, asks for 64), in
// Crockford's base32, which has no letters that look like digits.
std::string NewRecoveryCode();

// The same of what somebody typed: in upper case, without dashes and blanks, letters that look like
// digits as these. What cannot be a code is none, too: it is right nowhere.
std::string ReadRecoveryCode(const std::string& typed);

}  // namespace gatehouse::identity
