#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace gatehouse {

// Appends a JSON string (RFC 8259, section 7), quotes included. What is not UTF-8 stays as it is.
// `<` is escaped too, so that JSON in a page cannot end a script.
void AppendJsonString(absl::string_view text, std::string& json);

}  // namespace gatehouse
