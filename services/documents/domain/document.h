#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::documents {

enum class Scan { kClean = 1, kPending = 2, kInfected = 3, kUnscanned = 4 };

struct Document {
  std::string organisation_id, document_id, case_id, filename, content_type;
  int64_t size_bytes = 0;
  std::string sha256;  // Lower-case hexadecimal.
  std::string label;
  bool from_client = false;
  std::string uploader_id, uploader_name;  // A contact's where a client handed it in.
  std::string document_request_id;
  Scan scan = Scan::kUnscanned;
  std::string request_id;
  absl::Time create_time;
};

struct DocumentRequest {
  std::string document_request_id, case_id, title, label;
  std::string contact_id;  // Empty: every contact of the case.
  std::string request_id;
  absl::Time create_time;
};

constexpr int64_t kMaxBytesByDefault = 100LL << 20;
constexpr int kRequestsMax = 200;  // Of a case.

std::string FolderOf(const Document& document);

// A client sees what clients handed in: its own, or everybody's where the invitation says so.
bool MaySee(const CaseAccess& access, const Document& document);
// And what is asked of it, of everybody, or of anybody where it sees everything; of those only the
// chosen ones where the invitation chose.
bool MaySee(const CaseAccess& access, const DocumentRequest& request);

// The name that a file is kept and offered under: the last part of a path, without control
// characters, without characters that turn the direction of writing, at most 200 code points with
// the extension kept, and none of Windows' device names. Refuses FILENAME_INVALID where nothing is
// left, or the text is not UTF-8.
absl::StatusOr<std::string> SafeName(const std::string& name);

// `attachment` with the name, in ASCII for old readers and in UTF-8 (RFC 6266, RFC 8187).
std::string AttachmentOf(const std::string& filename);

// What the bytes are, between what libmagic saw and what the sender said: the sender may only
// narrow it down (text/csv of plain text, an Office format of a ZIP). Refuses
// CONTENT_TYPE_NOT_ALLOWED and CONTENT_TYPE_MISMATCH.
absl::StatusOr<std::string> ContentType(const std::string& seen, const std::string& said);

// A part of a document, first and last byte.
struct ByteRange {
  int64_t first = 0, last = 0;
};
// The one range that a Range header (RFC 9110, section 14.2) asks for; nothing where there is none,
// or one that is to be ignored. Refuses RANGE_NOT_SATISFIABLE.
absl::StatusOr<std::optional<ByteRange>> ParseRange(const std::string& range, int64_t size);

}  // namespace gatehouse::documents
