#pragma once

#include <string>

namespace gatehouse::notification {

// How many SMS segments a UTF-8 text takes, each of which costs one credit (3GPP TS 23.038 and
// 23.040): 160 septets of the GSM 7-bit alphabet alone or 153 in each of several; 70 or 67 UTF-16
// units as soon as one character is not in that alphabet. An escaped character or a surrogate pair
// is never split. 0 for an empty text.
int Segments(const std::string& text);

// The text with what only looks like GSM-7 made so: typographic quotes, dashes, spaces and dots,
// which would otherwise more than double the price.
std::string Plainer(const std::string& text);

}  // namespace gatehouse::notification
