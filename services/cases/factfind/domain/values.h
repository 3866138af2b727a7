#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "gatehouse/cases/v1/factfind.pb.h"
#include "services/cases/factfind/domain/definition.h"

namespace gatehouse::cases {

using Value = v1::AnswerValue;

// Whether it says anything: a text that is not blank, a choice, an item.
bool IsAnswered(const Value& value);

// OK, or INVALID_REQUEST with what is wrong with an answer to this field, each with its place and a
// sentence that a client may read. One that says nothing is none, and right. `is_phone` knows
// whether a number is possible. What is required is no matter here: answers come one by one.
using IsPhone = std::function<bool(const std::string&)>;
absl::Status CheckValue(const Field& field, const Value& value, const IsPhone& is_phone);

}  // namespace gatehouse::cases
