#include "services/documents/exports/domain/record_file.h"

#include <catch2/catch.hpp>

namespace gatehouse::documents {
namespace {

std::string ReadAll(RecordFile& file, size_t at_once) {
  std::string all, part;
  do {
    REQUIRE(file.Read(static_cast<int64_t>(all.size()), at_once, part).ok());
    all += part;
  } while (part.size() == at_once);
  return all;
}

RecordFile Of(const std::vector<std::string>& texts) {
  std::vector<ExportPiece> pieces;
  for (const std::string& text : texts) {
    pieces.push_back({.number = static_cast<int64_t>(pieces.size()),
                      .bytes = static_cast<int64_t>(text.size())});
  }
  return RecordFile(pieces, [texts](const ExportPiece& piece) -> absl::StatusOr<std::string> {
    return texts[static_cast<size_t>(piece.number)];
  });
}

TEST_CASE("a list of records is an array, however it was cut, and as long as it said", "[unit]") {
  for (const size_t at_once : {1, 3, 1000}) {
    RecordFile file = Of({"{},\n{}", "{\"a\":1}"});
    const std::string text = ReadAll(file, at_once);
    CHECK(text == "[\n{},\n{},\n{\"a\":1}\n]\n");
    CHECK(file.Size().value() == static_cast<int64_t>(text.size()));
  }
  RecordFile one = Of({"{}"}), none = Of({});
  CHECK(ReadAll(one, 2) == "[\n{}\n]\n");
  const std::string nothing = ReadAll(none, 2);
  CHECK(none.Size().value() == static_cast<int64_t>(nothing.size()));
}

TEST_CASE("a list of records is read from its beginning, and breaks off where a piece is gone",
          "[unit]") {
  RecordFile file = Of({"{}"});
  std::string bytes;
  CHECK_FALSE(file.Read(3, 1, bytes).ok());
  RecordFile broken({{.bytes = 2}}, [](const ExportPiece&) -> absl::StatusOr<std::string> {
    return absl::NotFoundError("gone");
  });
  CHECK(absl::IsNotFound(broken.Read(0, 10, bytes)));
}

}  // namespace
}  // namespace gatehouse::documents
