#include "services/documents/exports/domain/record_file.h"

#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr char kBegin[] = "[\n", kBetween[] = ",\n", kEnd[] = "\n]\n";

}  // namespace

int64_t RecordFile::SizeOf(const std::vector<ExportPiece>& pieces) {
  // A list begins and ends once; between two pieces stands a comma.
  int64_t size = static_cast<int64_t>(sizeof kBegin + sizeof kEnd) - 2;
  for (const ExportPiece& piece : pieces) size += piece.bytes;
  if (pieces.empty()) return size;
  return size + static_cast<int64_t>((pieces.size() - 1) * (sizeof kBetween - 1));
}

absl::Status RecordFile::Read(int64_t offset, size_t size, std::string& bytes) {
  if (offset != at_) return absl::InternalError("a list of records is read from its beginning on");
  while (ahead_.size() < size && !ended_) {
    if (next_ == pieces_.size()) {
      absl::StrAppend(&ahead_, next_ == 0 ? kBegin : "", kEnd);
      ended_ = true;
      break;
    }
    ASSIGN_OR_RETURN(const std::string text, load_(pieces_[next_]));
    absl::StrAppend(&ahead_, next_ == 0 ? kBegin : kBetween, text);
    ++next_;
  }
  bytes = ahead_.substr(0, size);
  ahead_.erase(0, bytes.size());
  at_ += static_cast<int64_t>(bytes.size());
  return absl::OkStatus();
}

}  // namespace gatehouse::documents
