#include "services/documents/blobs/move_blobs.h"

#include "absl/strings/str_cat.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"

namespace gatehouse::documents {
namespace {

constexpr size_t kCopyBytes = 1 << 20;
constexpr int kSayEvery = 1000;

// Hands all bytes of a blob to `take`, piece by piece; their digest.
template <typename Take>
absl::StatusOr<std::string> ReadAll(BlobReader& blob, const Take& take) {
  ASSIGN_OR_RETURN(const int64_t size, blob.Size());
  Sha256Stream digest;
  std::string bytes;
  for (int64_t at = 0; at < size; at += static_cast<int64_t>(bytes.size())) {
    RETURN_IF_ERROR(blob.Read(at, kCopyBytes, bytes));
    if (bytes.empty()) return absl::DataLossError("blobs: a blob became shorter");
    digest.Add(bytes);
    RETURN_IF_ERROR(take(bytes));
  }
  return digest.Finish();
}

absl::Status Ignore(const std::string&) { return absl::OkStatus(); }

// False where it was removed meanwhile.
absl::StatusOr<bool> MoveOne(FolderBlobs& from, BlobStore& to, const FolderBlobs::Place& place) {
  auto blob = from.Read(place.organisation_id, place.name);
  if (absl::IsDataLoss(blob.status())) return false;
  RETURN_IF_ERROR(blob.status());
  ASSIGN_OR_RETURN(const auto writer, to.Write(place.organisation_id, place.name));
  ASSIGN_OR_RETURN(const std::string sent, ReadAll(**blob, [&](const std::string& bytes) {
                     return writer->Append(bytes);
                   }));
  RETURN_IF_ERROR(writer->Commit());
  ASSIGN_OR_RETURN(const auto arrived, to.Read(place.organisation_id, place.name));
  ASSIGN_OR_RETURN(const std::string there, ReadAll(*arrived, Ignore));
  if (there != sent) return absl::DataLossError("blobs: what arrived is not what was sent");
  ASSIGN_OR_RETURN(const bool was_there, from.Take(place));
  // Whoever removed it here may have looked there before it arrived.
  if (!was_there) RETURN_IF_ERROR(to.Remove(place.organisation_id, place.name));
  return was_there;
}

}  // namespace

absl::StatusOr<int> MoveBlobs(FolderBlobs& from, BlobStore& to) {
  // Two at once would each take what the other has moved for removed.
  ASSIGN_OR_RETURN(const std::unique_ptr<File> alone, from.Lock());
  int moved = 0;
  const auto move = [&](const FolderBlobs::Place& place) -> absl::Status {
    ASSIGN_OR_RETURN(const bool was_there, MoveOne(from, to, place));
    if (was_there && ++moved % kSayEvery == 0) {
      LogInfo("blobs.moving", {{"blobs", absl::StrCat(moved)}});
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(from.ForEach(move));
  LogInfo("blobs.moved", {{"blobs", absl::StrCat(moved)}});
  return moved;
}

}  // namespace gatehouse::documents
