#pragma once

#include <cstdint>
#include <string>

namespace gatehouse::documents {

// What becomes of a document's preview. It ends once: whatever the program that makes them learns
// later, what is ready, none or failed stays so.
enum class PreviewState {
  kNotAsked = 0,  // Nothing was set up that makes any.
  kWaiting = 1,
  kReady = 2,
  kNone = 3,  // Of such a file there is none, or it could not be scanned.
  kFailed = 4,
};

// How long a preview's longer side is at most; what is smaller is not made larger.
constexpr int kSmallPixels = 256;
constexpr int kLargePixels = 1024;

// The largest document that one is made of, which is in memory meanwhile, and the largest that a
// preview may come out.
constexpr int64_t kPreviewedBytesMax = int64_t{50} << 20;
constexpr int64_t kPreviewBytesMax = int64_t{2} << 20;

// Whether there are previews of such files at all.
bool CanHavePreview(const std::string& content_type);

// Of a document that comes in, by whether something is set up that makes them.
PreviewState PreviewAtFirst(const std::string& content_type, bool makes_previews);

}  // namespace gatehouse::documents
