#pragma once

#include <string>

namespace gatehouse {

// Texts that people typed, by character: a character is a Unicode code point, and never cut within.
// Blank is what leaves no ink: spaces of every width, controls, zero-width and formatting
// characters, and the fillers that look like nothing.

// Whether there is nothing to see: empty, or blank characters only.
bool IsBlank(const std::string& text);

// Without blank characters at either end.
std::string Trim(const std::string& text);

// A name as it is written in a sentence: trimmed, each run of white space and controls one space.
std::string OneLine(const std::string& text);

// At most `max` characters from the beginning.
std::string Cut(const std::string& text, size_t max);

// The first character with the marks that combine with it; empty of an empty text.
std::string FirstCharacter(const std::string& text);

// Without blank characters, wherever they stand.
std::string WithoutBlanks(const std::string& text);

// Whether it has a letter of any script.
bool HasLetter(const std::string& text);

}  // namespace gatehouse
