#pragma once

#include <qpdf/QPDF.hh>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <string>
#include <vector>

#include "services/sealer/drawing.h"

namespace gatehouse::sealer {

// How large a page is as it is shown: its crop box, within its media box, turned as it says. Zero
// where that makes no sense.
Size SizeOf(QPDFPageObjectHelper page);

// Lays the drawings over their pages. Throws Refused: PDF_BROKEN for pages that are not there, or
// have no size.
void LayOver(QPDF& document, const std::vector<Drawing>& drawings);

}  // namespace gatehouse::sealer
