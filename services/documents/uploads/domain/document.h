#pragma once

#include <string>

#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::documents {

enum class Scan { kClean = 1, kPending = 2, kInfected = 3, kUnscanned = 4, kError = 5 };

struct Document {
  std::string organisation_id, document_id, case_id, filename, content_type;
  int64_t size_bytes = 0;
  std::string sha256;  // Lower-case hexadecimal.
  std::string label;
  bool from_client = false;
  std::string uploader_id, uploader_name;  // A contact's where a client handed it in.
  std::string document_request_id;         // Empty: it answers none.
  Scan scan = Scan::kUnscanned;
  std::string scan_finding;  // What was found, or why it is not known.
  absl::Time create_time;
};

std::string FolderOf(const Document& document);

// A client sees what clients handed in: its own, or everybody's where the invitation says so. The
// store's lists say the same in SQL, so that pages are full.
bool MaySee(const CaseAccess& access, const Document& document);

}  // namespace gatehouse::documents
