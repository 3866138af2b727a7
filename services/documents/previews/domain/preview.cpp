#include "services/documents/previews/domain/preview.h"

#include <set>

namespace gatehouse::documents {

// Never of what runs or refers to something else, such as SVG.
bool CanHavePreview(const std::string& content_type) {
  static const std::set<std::string> types = {"application/pdf", "image/avif", "image/gif",
                                              "image/heic",      "image/heif", "image/jpeg",
                                              "image/png",       "image/tiff", "image/webp"};
  return types.contains(content_type);
}

PreviewState PreviewAtFirst(const std::string& content_type, bool makes_previews) {
  if (!makes_previews) return PreviewState::kNotAsked;
  return CanHavePreview(content_type) ? PreviewState::kWaiting : PreviewState::kNone;
}

}  // namespace gatehouse::documents
