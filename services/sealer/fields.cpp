#include "services/sealer/fields.h"

#include <qpdf/QPDFMatrix.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>

#include <algorithm>
#include <map>

#include "services/sealer/prepare.h"

namespace gatehouse::sealer {
namespace {

using Rectangle = QPDFObjectHandle::Rectangle;

constexpr double kLeast = 3, kMost = 100'000;  // Points that a page has each way.

// ISO 32000-1, section 14.11.2: what is shown is the crop box, as far as there is medium.
Rectangle ShownOf(QPDFPageObjectHelper page) {
  QPDFObjectHandle media = page.getMediaBox(), crop = page.getCropBox();
  const Rectangle all =
      media.isRectangle() ? media.getArrayAsRectangle() : Rectangle(0, 0, 612, 792);
  if (!crop.isRectangle()) return all;
  const Rectangle cut = crop.getArrayAsRectangle();
  const Rectangle shown(std::max(all.llx, cut.llx), std::max(all.lly, cut.lly),
                        std::min(all.urx, cut.urx), std::min(all.ury, cut.ury));
  return shown.llx < shown.urx && shown.lly < shown.ury ? shown : all;
}

// By how much it is turned clockwise before it is shown: 0, 90, 180 or 270.
int TurnOf(QPDFPageObjectHelper page) {
  QPDFObjectHandle rotate = page.getAttribute("/Rotate", false);
  if (!rotate.isInteger() || rotate.getIntValue() % 90 != 0) return 0;
  return static_cast<int>((rotate.getIntValue() % 360 + 360) % 360);
}

double UnitOf(QPDFPageObjectHelper page) {
  QPDFObjectHandle unit = page.getAttribute("/UserUnit", false);
  return unit.isNumber() && unit.getNumericValue() > 0 ? unit.getNumericValue() : 1;
}

// From a sheet of the page's size as it is shown to the page's own coordinates. qpdf's placing
// knows no negative turns, and no units that make no sense.
QPDFMatrix PlacingOn(QPDFPageObjectHelper page) {
  const Rectangle shown = ShownOf(page);
  const double scale = 1 / UnitOf(page);
  switch (TurnOf(page)) {
    case 90:
      return {0, scale, -scale, 0, shown.urx, shown.lly};
    case 180:
      return {-scale, 0, 0, -scale, shown.urx, shown.ury};
    case 270:
      return {0, -scale, scale, 0, shown.llx, shown.ury};
    default:
      return {scale, 0, 0, scale, shown.llx, shown.lly};
  }
}

// What is drawn comes after the page's own content, whose state ends before it.
void LayOverPage(QPDF& document, QPDFPageObjectHelper page, QPDFObjectHandle form) {
  QPDFObjectHandle resources = page.getAttribute("/Resources", true);
  if (!resources.isDictionary()) {
    resources = QPDFObjectHandle::newDictionary();
    page.getObjectHandle().replaceKey("/Resources", resources);
  }
  if (!resources.getKey("/XObject").isDictionary()) {
    resources.replaceKey("/XObject", QPDFObjectHandle::newDictionary());
  }
  int suffix = 1;
  const std::string name = resources.getUniqueResourceName("/Gatehouse", suffix);
  resources.getKey("/XObject").replaceKey(name, form);
  const std::string content = "q\n" + PlacingOn(page).unparse() + " cm\n" + name + " Do\nQ\n";
  page.addPageContents(QPDFObjectHandle::newStream(&document, "q\n"), true);
  page.addPageContents(QPDFObjectHandle::newStream(&document, "\nQ\n" + content), false);
}

}  // namespace

Size SizeOf(QPDFPageObjectHelper page) {
  const Rectangle shown = ShownOf(page);
  const double unit = UnitOf(page);
  Size size = {(shown.urx - shown.llx) * unit, (shown.ury - shown.lly) * unit};
  if (TurnOf(page) % 180 != 0) std::swap(size.width, size.height);
  const bool makes_sense =
      size.width >= kLeast && size.height >= kLeast && size.width <= kMost && size.height <= kMost;
  return makes_sense ? size : Size();
}

void LayOver(QPDF& document, const std::vector<Drawing>& drawings) {
  std::map<int, std::vector<const Drawing*>> by_page;
  for (const Drawing& drawing : drawings) by_page[drawing.page].push_back(&drawing);
  std::vector<QPDFPageObjectHelper> pages = QPDFPageDocumentHelper(document).getAllPages();
  std::vector<Overlay> wanted;
  for (const auto& [number, on_it] : by_page) {
    if (number < 1 || static_cast<size_t>(number) > pages.size()) throw Refused("PDF_BROKEN");
    const Size size = SizeOf(pages[static_cast<size_t>(number) - 1]);
    if (size.width == 0) throw Refused("PDF_BROKEN");
    wanted.push_back({size, on_it});
  }
  if (wanted.empty()) return;
  const std::string drawn = Drawn(wanted);
  QPDF overlays;
  // The document is written once this one is gone.
  overlays.setImmediateCopyFrom(true);
  overlays.processMemoryFile("fields", drawn.data(), drawn.size());
  std::vector<QPDFPageObjectHelper> sheets = QPDFPageDocumentHelper(overlays).getAllPages();
  size_t next = 0;
  for (const auto& [number, on_it] : by_page) {
    LayOverPage(document, pages[static_cast<size_t>(number) - 1],
                document.copyForeignObject(sheets[next++].getFormXObjectForPage()));
  }
}

}  // namespace gatehouse::sealer
