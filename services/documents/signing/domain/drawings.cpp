#include "services/documents/signing/domain/drawings.h"

namespace gatehouse::documents {
namespace {

DrawingKind KindOf(const SignatureField& field) {
  switch (field.kind) {
    case FieldKind::kSignature:
    case FieldKind::kInitials:
      return DrawingKind::kSignature;
    case FieldKind::kCheckbox:
      return DrawingKind::kCross;
    default:
      return field.wrapped ? DrawingKind::kWrapped : DrawingKind::kLine;
  }
}

}  // namespace

std::vector<Drawing> DrawingsOf(const SignatureRequest& request) {
  std::vector<Drawing> drawings;
  for (const SignatureField& field : request.fields) {
    Drawing drawing = {.page = field.page,
                       .kind = KindOf(field),
                       .left = field.left,
                       .top = field.top,
                       .width = field.width,
                       .height = field.height,
                       .text = field.value};
    if (field.kind == FieldKind::kSignature) {
      const Signer* const signer = FindSigner(request, field.contact_id);
      if (signer == nullptr) continue;
      drawing.png = signer->drawn_png;
      // What was drawn and is no picture leaves the name of who drew it.
      drawing.text = signer->typed_name.empty() ? signer->name : signer->typed_name;
    }
    if (!drawing.text.empty()) drawings.push_back(std::move(drawing));
  }
  return drawings;
}

}  // namespace gatehouse::documents
