#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"
#include "services/documents/previews/domain/preview.h"

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
  std::string scan_finding;       // What was found, or why it is not known.
  std::string folder;             // Where staff put it; empty: where such documents lie at first.
  std::string shared_contact_id;  // Empty: shared with all, if it is shared.
  absl::Time share_time = absl::InfiniteFuture();  // When it was first; infinite: it is not.
  std::string replaces_document_id;                // Of one that comes in.
  PreviewState preview = PreviewState::kNotAsked;
  absl::Time create_time;
};

std::string FolderOf(const Document& document);

inline bool IsShared(const Document& document) {
  return document.share_time != absl::InfiniteFuture();
}

// A client sees what clients handed in, and what is shared: its own, or everybody's where the
// invitation says so. The store's lists say the same in SQL, so that pages are full.
bool MaySee(const CaseAccess& access, const Document& document);

// For so long whoever handed a document in may replace and delete it.
constexpr absl::Duration kAlterable = absl::Minutes(30);

// Who asks for that: a contact, or of staff an actor.
struct Alterer {
  bool is_client = false;
  std::string id;
};
// OK if it may now. Refuses DOCUMENT_FINAL.
absl::Status CheckAlterable(const Document& document, const Alterer& by, absl::Time now);

}  // namespace gatehouse::documents
