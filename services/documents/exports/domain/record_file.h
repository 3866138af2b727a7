#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/documents/blobs/domain/blobs.h"

namespace gatehouse::documents {

// A piece of the list of one kind's records, as it is kept: objects with commas between them.
struct ExportPiece {
  int64_t number = 0;
  int kind = 0;  // As common::v1::PersonalData.
  int64_t bytes = 0;
};

// The list of one kind's records as a file: an array in JSON. It is read once, from its beginning
// to its end, and holds one piece at a time.
class RecordFile : public BlobReader {
 public:
  using Load = std::function<absl::StatusOr<std::string>(const ExportPiece& piece)>;
  RecordFile(std::vector<ExportPiece> pieces, Load load)
      : pieces_(std::move(pieces)), load_(std::move(load)) {}

  static int64_t SizeOf(const std::vector<ExportPiece>& pieces);
  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override;
  absl::StatusOr<int64_t> Size() override { return SizeOf(pieces_); }

 private:
  const std::vector<ExportPiece> pieces_;
  const Load load_;
  size_t next_ = 0;
  bool ended_ = false;
  int64_t at_ = 0;
  std::string ahead_;
};

}  // namespace gatehouse::documents
