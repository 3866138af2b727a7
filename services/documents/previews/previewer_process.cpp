#include "services/documents/previews/previewer_process.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/documents/previews/domain/preview.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kChunk = 1 << 20;
constexpr size_t kReasonMax = 100;
constexpr absl::string_view kJpegBegins = "\xff\xd8\xff", kJpegEnds = "\xff\xd9";

absl::Status NoMemory() {
  return absl::ResourceExhaustedError("there is no memory to make a preview in");
}

}  // namespace

absl::StatusOr<Preview> PreviewerProcess::Make(BlobReader& blob, const std::string& content_type,
                                               int pixels) {
  const MemoryFile in("preview-in");
  std::string bytes;
  int64_t offset = 0;
  do {
    RETURN_IF_ERROR(blob.Read(offset, kChunk, bytes));
    offset += std::ssize(bytes);
    if (offset > kPreviewedBytesMax || !in.Write(bytes)) return NoMemory();
  } while (bytes.size() == kChunk);
  return Run(in, content_type, pixels);
}

absl::StatusOr<Preview> PreviewerProcess::MakeSmaller(const std::string& jpeg, int pixels) {
  const MemoryFile in("preview-in");
  if (!in.Write(jpeg)) return NoMemory();
  return Run(in, "image/jpeg", pixels);
}

absl::StatusOr<Preview> PreviewerProcess::Run(const MemoryFile& in, const std::string& content_type,
                                              int pixels) {
  ASSIGN_OR_RETURN(ChildEnd end,
                   RunChild(program_, limits_, {content_type, absl::StrCat(pixels)}, in));
  if (end.killed) return Preview{.refused = "TOO_COSTLY"};
  if (end.exit_code == kChildFaulty) {
    return absl::InternalError(absl::StrCat("gatehouse-previewer: ", end.error));
  }
  if (end.exit_code == kChildRefused && !end.error.empty()) {
    return Preview{.refused = end.error.substr(0, kReasonMax)};
  }
  // What it wrote decides: a drawer that finds no page calls that success.
  const bool whole = absl::StartsWith(end.output, kJpegBegins) &&
                     absl::EndsWith(end.output, kJpegEnds) &&
                     std::ssize(end.output) <= kPreviewBytesMax;
  if (!whole) return Preview{.refused = "BROKEN"};
  return Preview{.jpeg = std::move(end.output)};
}

}  // namespace gatehouse::documents
