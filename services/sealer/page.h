#pragma once

#include <string>
#include <vector>

namespace gatehouse::sealer {

// A line of a certificate: a heading, or a label with what stands beside it.
struct Line {
  std::string label, text;  // Without a label it is a heading.
};

// Pages of A4 with these lines, as a PDF: any script that the machine's fonts know. Texts keep
// their own direction, and turn nothing around them.
std::string Typeset(const std::vector<Line>& lines);

}  // namespace gatehouse::sealer
