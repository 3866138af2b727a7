#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gatehouse::documents {

// What is between the first `<tag>` and the next `</tag>`; empty where there is none. The little of
// XML that S3 answers with has neither attributes nor the same tag within itself there, so that a
// parser, which would have to be told how deep it may go, has nothing to add.
absl::string_view Inside(absl::string_view xml, absl::string_view tag);
// Of each such element in turn.
std::vector<absl::string_view> AllInside(absl::string_view xml, absl::string_view tag);
// The text of one, without its entities.
std::string XmlText(absl::string_view inside);
std::string EscapeXml(absl::string_view text);

}  // namespace gatehouse::documents
