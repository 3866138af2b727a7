#pragma once

#include <string>

namespace gatehouse {

// A text as Unicode's NFKC writes it (UAX 15): what keyboards write in several ways, such as an
// umlaut or a digit of full width, in one. Of bytes that are no UTF-8, replacement characters.
std::string NormalisedText(const std::string& text);

// The same with letters' case folded, for comparing.
std::string FoldedText(const std::string& text);

}  // namespace gatehouse
