#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"

namespace gatehouse {

// Texts with tags: `Dear {{contact_name}}`. A tag is two braces around `[a-z_]{1,40}`; spaces
// within the braces do not count. Anything else that has two opening braces is a broken tag.

// The tags of a text. Refuses UNKNOWN_TAG (INVALID_ARGUMENT) for a broken one.
absl::StatusOr<std::set<std::string>> TagsOf(const std::string& text);

// OK if the text has only `known` tags, and all `required` ones. Refuses UNKNOWN_TAG and
// TAG_MISSING (INVALID_ARGUMENT).
absl::Status CheckTags(const std::string& text, const std::set<std::string>& known,
                       const std::set<std::string>& required);

// The text with each tag replaced by its value; a value is never read as a template again.
// Refuses UNKNOWN_TAG for a tag without a value.
absl::StatusOr<std::string> Expand(const std::string& text,
                                   const std::map<std::string, std::string>& values);

}  // namespace gatehouse
