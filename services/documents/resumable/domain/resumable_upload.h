#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/caller.h"

namespace gatehouse::documents {

// For so long an upload can go on. Its parts are noted as loose from their beginning, and collected
// a day later: so an upload ends before its first part does.
constexpr absl::Duration kUploadLife = absl::Hours(22);

// Who uploads, and to which case.
struct UploadOwner {
  std::string organisation_id, case_id;
  std::string uploader_id, uploader_name;  // A contact's, where a client uploads.
  const CaseAccess* access = nullptr;      // A client's; null: of staff.

  bool from_client() const { return access != nullptr; }
};

// An upload that goes on where it broke off, by tus 1.0.
struct ResumableUpload {
  std::string upload_id;
  std::string metadata, filename;  // As its sender says; the name where the metadata has none.
  std::optional<int64_t> length;   // Nothing: it is said later.
  int64_t offset = 0;              // So many bytes are durable.
  int parts = 0;                   // In so many they lie.
  bool partial = false;            // To be joined with others.
  std::string joins;               // The ids of those that it was made of, with spaces between.
  std::string document_id;         // Empty while it is none.
  absl::Time expire_time;

  bool has_all() const { return length.has_value() && offset == *length; }
};

// Some bytes of an upload, which lie in the blob store under an id of their own.
struct UploadPart {
  std::string part_id;
  int64_t bytes = 0;
};

}  // namespace gatehouse::documents
