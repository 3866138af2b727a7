#pragma once

#include <string>
#include <vector>

namespace gatehouse::sealer {

// Something to draw at a place on a page. The place is a share of the page as it is shown, from its
// upper left corner; nothing is drawn beyond it.
struct Drawing {
  enum class Kind { kLine = 1, kWrapped = 2, kSignature = 3, kCross = 4 };
  int page = 0;  // From 1.
  double left = 0, top = 0, width = 0, height = 0;
  Kind kind = Kind::kLine;
  std::string text;
  std::string png;  // Drawn in the text's place, where it is a picture.
};

// In points.
struct Size {
  double width = 0, height = 0;
};

// A page of this size with nothing on it but these.
struct Overlay {
  Size size;
  std::vector<const Drawing*> drawings;
};

// These pages, as a PDF. Texts may be of any script that the machine's fonts know, and become
// smaller where they do not fit.
std::string Drawn(const std::vector<Overlay>& overlays);

}  // namespace gatehouse::sealer
