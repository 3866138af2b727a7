#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "services/documents/blobs/domain/blobs.h"
#include "services/documents/downloads/handler.h"

namespace gatehouse::documents {

// Files as tests need them: made of what counts for what they are, by the formats' own rules.

// A folder of its own, and commands in it.
struct Files {
  Files();
  ~Files() { std::filesystem::remove_all(folder); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  void Run(const std::string& command) const;
  std::string Text(const std::string& name) const;
  const std::filesystem::path folder;
};

// What a reader that is not ours finds in a downloaded archive `z`, by the words of a script in
// Python.
std::string ReadZip(DownloadsHandler::Sends source, const std::string& script);

// A blob in memory.
class TextBlob : public BlobReader {
 public:
  explicit TextBlob(std::string bytes) : bytes_(std::move(bytes)) {}
  absl::Status Read(int64_t offset, size_t size, std::string& bytes) override;
  absl::StatusOr<int64_t> Size() override { return static_cast<int64_t>(bytes_.size()); }
  int reads() const { return reads_; }

 private:
  const std::string bytes_;
  int reads_ = 0;
};

struct ZipOptions {
  std::string before;     // What stands before the first entry.
  std::string comment;    // What stands behind the end.
  bool zip64 = false;     // The end says its numbers in ZIP64's way.
  bool deflated = false;  // The entries say that they are compressed.
};
using ZipEntries = std::vector<std::pair<std::string, std::string>>;  // Name, bytes.
std::string ZipOf(const ZipEntries& entries, const ZipOptions& options = {});

// What Word, Excel and PowerPoint make (`folder` is `word`, `xl` or `ppt`): the entry that says the
// types comes first, as they write it, or last, behind folders, as who packs it anew does.
std::string Ooxml(const std::string& folder, bool anew = false, const ZipEntries& more = {});
// What LibreOffice makes: `text`, `spreadsheet`, `presentation`.
std::string OpenDocument(const std::string& kind);

struct OleOptions {
  int sector_shift = 9;
  size_t before_directory = 0;  // Sectors of content that lie before the directory.
  std::string class_id;         // Of the root.
  // Streams within a storage, such as a document that another one holds.
  std::vector<std::string> nested;
};
// With these streams at its root.
std::string Ole(const std::vector<std::string>& streams, const OleOptions& options = {});

}  // namespace gatehouse::documents
