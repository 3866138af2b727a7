#include "services/documents/archives/zip_source.h"

#include <algorithm>

#include "services/common/base/status.h"
#include "services/documents/downloads/domain/download.h"

namespace gatehouse::documents {
namespace {

constexpr int64_t kChunk = 256 << 10;

std::vector<Zip::File> FilesOf(const std::vector<ZipPiece>& pieces) {
  std::vector<Zip::File> files;
  for (const ZipPiece& piece : pieces) files.push_back(piece.file);
  return files;
}

class ZipSource : public Source<v1::DownloadDocumentResponse> {
 public:
  ZipSource(std::vector<ZipPiece> pieces, const std::string& name, absl::Time time)
      : pieces_(std::move(pieces)), zip_(FilesOf(pieces_), time) {
    head_.set_content_type("application/zip");
    head_.set_content_disposition(AttachmentOf(name));
    head_.set_content_length(zip_.Size());
  }

  absl::StatusOr<bool> Next(v1::DownloadDocumentResponse& response) override {
    if (ended_) return false;
    response.Swap(&head_);
    head_.Clear();
    std::string& data = *response.mutable_data();
    if (next_ == pieces_.size()) {
      data = zip_.Directory();
      ended_ = true;
      return true;
    }
    const ZipPiece& piece = pieces_[next_];
    if (at_ == 0) {
      if (piece.open != nullptr) {
        ASSIGN_OR_RETURN(blob_, piece.open());
      }
      data = zip_.Begin();
    }
    ASSIGN_OR_RETURN(const std::string bytes, Read(piece));
    zip_.Add(bytes);
    data += bytes;
    at_ += static_cast<int64_t>(bytes.size());
    if (at_ < piece.file.size) return true;
    data += zip_.End();
    blob_ = nullptr;
    ++next_;
    at_ = 0;
    return true;
  }

 private:
  absl::StatusOr<std::string> Read(const ZipPiece& piece) const {
    if (blob_ == nullptr) return piece.text;
    const auto size = static_cast<size_t>(std::min(kChunk, piece.file.size - at_));
    std::string bytes;
    RETURN_IF_ERROR(blob_->Read(at_, size, bytes));
    if (bytes.size() != size) return absl::DataLossError("the blob is shorter than known");
    return bytes;
  }

  const std::vector<ZipPiece> pieces_;
  Zip zip_;
  v1::DownloadDocumentResponse head_;
  std::unique_ptr<BlobReader> blob_;  // Of the piece that is under way.
  size_t next_ = 0;
  int64_t at_ = 0;
  bool ended_ = false;
};

}  // namespace

ZipPiece TextPiece(std::string name, std::string text) {
  ZipPiece piece = {.file = {std::move(name), static_cast<int64_t>(text.size())}};
  piece.text = std::move(text);
  return piece;
}

std::unique_ptr<Source<v1::DownloadDocumentResponse>> SendZip(std::vector<ZipPiece> pieces,
                                                              const std::string& name,
                                                              absl::Time time) {
  return std::make_unique<ZipSource>(std::move(pieces), name, time);
}

}  // namespace gatehouse::documents
