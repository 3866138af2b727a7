#pragma once

#include <string>

namespace gatehouse::documents {

// Whether a PNG, whose size was looked at before, can be drawn: no chunk is cut off, all their sums
// are right, and what is packed in them are all rows of the picture and nothing more.
bool IsWholePng(const std::string& bytes);

}  // namespace gatehouse::documents
