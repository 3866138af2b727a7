#pragma once

#include <string>
#include <string_view>

namespace gatehouse::gateway {

// Whether an If-None-Match names this tag: a list of tags, weak ones among them, or `*` for
// whatever there is (RFC 9110, 13.1.2). They are compared weakly; a list that is not well formed
// names nothing from there on.
bool NamesTag(std::string_view if_none_match, std::string_view tag);

// Whether a Range asks for something that can be given: one range of bytes. Several ranges and
// other units may be ignored (RFC 9110, 14.2), and the whole is given.
bool IsOneRange(std::string_view range);

}  // namespace gatehouse::gateway
