#pragma once

#include "absl/strings/escaping.h"
#include "services/documents/resumable/domain/resumable_uploads.h"
#include "services/documents/resumable/store/postgres_uploads.h"
#include "services/documents/tests/fixture.h"

namespace gatehouse::documents {

// A PDF of so many bytes, no two of its parts alike.
inline std::string Pdf(size_t size) {
  std::string bytes = kPdf;
  for (int i = 0; bytes.size() < size; ++i) bytes += std::to_string(i) + ",";
  bytes.resize(size);
  return bytes;
}

inline std::string FilenameOf(const std::string& filename) {
  return "filename " + absl::Base64Escape(filename);
}

struct ResumableFixture : Fixture {
  PostgresUploads store{database.postgres()};
  ResumableUploads resumable{{store, uploads, documents, blobs, rules, clock}};
  const UploadOwner sam = {"acme", "deal-1", "key_1", "Sam Staff"};
  const UploadOwner ada_owner = {"acme", "deal-1", "ada", "Ada Client", &ada};
  const UploadOwner bob_owner = {"acme", "deal-1", "bob", "Bob Client", &bob};

  ResumableUpload Begin(std::optional<int64_t> length, const std::string& concat = "") {
    return resumable
        .Create(sam, {.metadata = concat == "partial" ? "" : FilenameOf("a.pdf"),
                      .concat = concat,
                      .length = length,
                      .deferred = !length.has_value()})
        .value();
  }
  absl::StatusOr<ResumableUpload> Put(const UploadOwner& owner, const std::string& id,
                                      int64_t offset, const std::string& bytes,
                                      std::optional<int64_t> length = std::nullopt) {
    ASSIGN_OR_RETURN(
        const auto appending,
        resumable.Append(owner, {.upload_id = id, .offset = offset, .length = length}));
    RETURN_IF_ERROR(appending->Take(bytes));
    return appending->Finish();
  }
  std::string Kept(const std::string& document_id) {
    std::string bytes;
    REQUIRE(blobs.Read("acme", document_id).value()->Read(0, 64 << 20, bytes).ok());
    return bytes;
  }
};

template <typename T>
std::string Reason(const absl::StatusOr<T>& answer) {
  return ReasonOf(answer.status());
}

}  // namespace gatehouse::documents
