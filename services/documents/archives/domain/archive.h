#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/documents/uploads/domain/document.h"

namespace gatehouse::documents {

constexpr int kArchiveDocumentsMax = 20'000;

// What is put into an archive of documents, and under which names.
class ArchivePlan {
 public:
  explicit ArchivePlan(bool unscanned_downloads) : unscanned_downloads_(unscanned_downloads) {}

  // What is kept of a document: there may be many.
  struct Entry {
    std::string name, document_id;
    int64_t size_bytes = 0;
  };
  void Add(const Document& document);

  const std::vector<Entry>& entries() const { return entries_; }
  // A file's text that names what had to be left out, and why; empty where nothing was.
  std::string LeftOut() const { return left_out_; }
  // When the newest of them came in.
  absl::Time time() const { return time_; }

  static constexpr char kLeftOut[] = "Left out.txt";

 private:
  // Of all that was named, whatever a file system thinks of upper and lower case.
  std::string NameOf(const Document& document);

  const bool unscanned_downloads_;
  std::vector<Entry> entries_;
  std::map<std::string, int> names_;
  std::string left_out_;
  absl::Time time_ = absl::FromCivil(absl::CivilSecond(1980), absl::UTCTimeZone());  // ZIP's first.
};

}  // namespace gatehouse::documents
