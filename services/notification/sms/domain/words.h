#pragma once

#include <string>

namespace gatehouse::notification {

// What an SMS that came in asks for.
enum class SmsWord { kNone, kStop, kStart };

// The words that carriers and providers know, when they are all that the SMS says, in any letters'
// case and with whatever stands around them: `stop`, ` Stop. `, and not `please stop by`.
// `opt_out_type` is what the provider made of it (STOP, START, HELP), where it says so: it knows
// other languages' words.
SmsWord ReadSmsWord(const std::string& body, const std::string& opt_out_type);

}  // namespace gatehouse::notification
