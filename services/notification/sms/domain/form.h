#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gatehouse::notification {

// The fields of a form, in their order.
using Form = std::vector<std::pair<std::string, std::string>>;

// Of `application/x-www-form-urlencoded`. Nothing for what is none: a broken escape, a name that is
// empty, more than 200 fields.
std::optional<Form> ReadForm(const std::string& text);
// The first of this name; empty: there is none.
std::string FieldOf(const Form& form, const std::string& name);

}  // namespace gatehouse::notification
