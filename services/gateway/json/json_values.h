#pragma once

#include <google/protobuf/message.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/numbers.h"

// Values as the ProtoJSON mapping writes them. Each function is false for what is none.
namespace gatehouse::gateway {

// Whether the text is a number in JSON's own grammar: no space, no `+`, no zero in front.
bool IsNumber(const std::string& text);

// An integer that JSON wrote with a fraction or an exponent (`7.0`, `7e2`); false unless it is
// whole, fits, and is one that a double holds exactly (up to 2^53).
template <typename Integer>
bool ReadInteger(double number, Integer& result) {
  constexpr double kExactMax = 9007199254740992.0;
  if (std::trunc(number) != number || std::abs(number) > kExactMax ||
      number < static_cast<double>(std::numeric_limits<Integer>::min()) ||
      number > static_cast<double>(std::numeric_limits<Integer>::max())) {
    return false;
  }
  result = static_cast<Integer>(number);
  return true;
}

// The same of a text: JSON may have an integer as a string.
template <typename Integer>
bool ReadInteger(const std::string& text, Integer& result) {
  if (!IsNumber(text)) return false;
  if (text.find_first_of(".eE") == std::string::npos) return absl::SimpleAtoi(text, &result);
  double number = 0;
  return absl::SimpleAtod(text, &number) && ReadInteger(number, result);
}

// A number, or `NaN`, `Infinity`, `-Infinity`; false also for what is too large.
bool ReadDouble(const std::string& text, double& number);

// Base64 in either alphabet, with or without padding.
bool ReadBytes(const std::string& text, std::string& bytes);

// Whether JSON has this message as a string: Timestamp, Duration, FieldMask.
bool IsTextual(const google::protobuf::Descriptor& type);

// One of these: RFC 3339 with at most nine decimals, in the years 1 to 9999; seconds with an `s`
// and at most nine decimals, 10,000 years either way; field names in lowerCamelCase with commas
// between them.
bool ReadTextual(const std::string& text, google::protobuf::Message& message);

}  // namespace gatehouse::gateway
