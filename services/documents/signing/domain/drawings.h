#pragma once

#include <string>
#include <vector>

#include "services/documents/signing/domain/signature_request.h"

namespace gatehouse::documents {

// Something to draw at a place on a page: a share of the page as it is shown. The numbers are those
// that gatehouse-sealer reads.
enum class DrawingKind { kLine = 1, kWrapped = 2, kSignature = 3, kCross = 4 };
struct Drawing {
  int page = 1;
  DrawingKind kind = DrawingKind::kLine;
  double left = 0, top = 0, width = 0, height = 0;
  std::string text;
  std::string png;  // In its place, where that is a picture.
};

// What the signers have filled in, at its places.
std::vector<Drawing> DrawingsOf(const SignatureRequest& request);

}  // namespace gatehouse::documents
