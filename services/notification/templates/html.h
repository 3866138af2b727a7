#pragma once

#include <string>

#include "absl/status/status.h"
#include "services/notification/templates/domain/kinds.h"

namespace gatehouse::notification {

// OK if this is HTML for a mail in which no value can change what the HTML is. Refuses
// TAG_MISPLACED for a value anywhere but between elements and in quoted attributes (in addresses:
// for any but an address, from the beginning), and for a section anywhere but between elements;
// HTML_NOT_ALLOWED for scripts, forms, frames and the like. `html` is a template that parses.
absl::Status CheckHtml(const Kind& kind, const std::string& html);

}  // namespace gatehouse::notification
