#include "services/documents/archives/domain/archive.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/common/text/file_name.h"
#include "services/common/text/normal_form.h"
#include "services/documents/downloads/domain/download.h"

namespace gatehouse::documents {
namespace {

const char* WhyNot(Scan scan) {
  switch (scan) {
    case Scan::kInfected:
      return "malware was found in it";
    case Scan::kPending:
      return "it has not been scanned yet";
    default:
      return "it could not be scanned";
  }
}

// `plan (2).pdf`, no longer than a name may be.
std::string Numbered(const std::string& filename, int number) {
  const std::string extension = ExtensionOf(filename);
  const size_t cut = filename.size() - (extension.empty() ? 0 : extension.size() + 1);
  const std::string end = absl::StrCat(" (", number, ")", filename.substr(cut));
  size_t size = std::min(cut, kFileNameBytesMax - end.size());
  // Between two characters.
  while (size > 0 && (filename[size] & 0xc0) == 0x80) --size;
  return filename.substr(0, size) + end;
}

}  // namespace

std::string ArchivePlan::NameOf(const Document& document) {
  // A folder is what somebody called it: no path, and nothing that a system minds.
  std::string folder = SafeFileName(FolderOf(document));
  if (folder.empty()) folder = "Documents";
  std::string name = absl::StrCat(folder, "/", document.filename);
  // How often there was this name: as many were numbered, so that none is tried again.
  int& number = names_[FoldedText(name)];
  while (++number > 1) {
    name = absl::StrCat(folder, "/", Numbered(document.filename, number));
    if (names_.emplace(FoldedText(name), 1).second) break;
  }
  return name;
}

void ArchivePlan::Add(const Document& document) {
  std::string name = NameOf(document);
  if (!CheckScan(document.scan, unscanned_downloads_).ok()) {
    absl::StrAppend(&left_out_, name, ": ", WhyNot(document.scan), "\r\n");
    return;
  }
  time_ = std::max(time_, document.create_time);
  entries_.push_back({std::move(name), document.document_id, document.size_bytes});
}

}  // namespace gatehouse::documents
