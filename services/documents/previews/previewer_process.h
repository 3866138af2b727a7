#pragma once

#include <string>

#include "services/documents/child/child.h"
#include "services/documents/previews/domain/previewer.h"

namespace gatehouse::documents {

// Enough for 60 million pixels with transparency, or a page that somebody drew by hand.
constexpr ChildLimits kPreviewerLimits = {
    .cpu_seconds = 10, .memory_bytes = int64_t{512} << 20, .wait = absl::Seconds(30)};

// Has previews made by the program gatehouse-previewer, a child with limits.
class PreviewerProcess : public Previewer {
 public:
  explicit PreviewerProcess(std::string program, ChildLimits limits = kPreviewerLimits)
      : program_(std::move(program)), limits_(limits) {}
  absl::StatusOr<Preview> Make(BlobReader& blob, const std::string& content_type,
                               int pixels) override;
  absl::StatusOr<Preview> MakeSmaller(const std::string& jpeg, int pixels) override;

 private:
  absl::StatusOr<Preview> Run(const MemoryFile& in, const std::string& content_type, int pixels);

  const std::string program_;
  const ChildLimits limits_;
};

}  // namespace gatehouse::documents
