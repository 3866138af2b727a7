#include "services/documents/blobs/init_store.h"

#include "absl/strings/str_cat.h"
#include "services/common/base/random.h"
#include "services/common/observe/log.h"
#include "services/documents/blobs/store/sealed_blobs.h"
#include "services/documents/blobs/store/store_marker.h"

namespace gatehouse::documents {
namespace {

namespace fs = std::filesystem;

// Some of them may be lost, so that one is not enough to ask for.
constexpr char kSomeDocuments[] = "SELECT organisation_id, document_id FROM document LIMIT 100";

absl::Status NotTheStore(const fs::path& root, const std::string& what) {
  return absl::FailedPreconditionError(
      absl::StrCat(root.string(), " ", what, ": is the right volume mounted there?"));
}

// Whether the folder may be the store of the documents that the database knows.
absl::Status CheckFits(Transaction& tx, const fs::path& root) {
  const auto known = tx.Exec(kSomeDocuments);
  if (known.empty()) return absl::OkStatus();
  for (const auto& row : known) {
    const auto folder = root / "blobs" / row["organisation_id"].c_str();
    const std::string id = row["document_id"].c_str();
    std::error_code error;
    for (const std::string& name : {SealedName(id), id}) {
      if (fs::exists(folder / name, error)) return absl::OkStatus();
    }
  }
  return NotTheStore(root, "has none of the documents that the database knows");
}

absl::Status CheckIsKnown(const fs::path& root, const std::string& known,
                          const std::string& marker) {
  if (marker == known) return absl::OkStatus();
  return NotTheStore(
      root, marker.empty()
                ? absl::StrCat("is no blob store, and the database knows ", known)
                : absl::StrCat("is the blob store ", marker, ", and the database knows ", known));
}

}  // namespace

absl::Status InitStore(const fs::path& root, Postgres& postgres) {
  return postgres.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::Status {
    // One at a time, however many processes start.
    tx.Exec("SELECT pg_advisory_xact_lock(hashtext('gatehouse.init_store'))");
    const auto rows = tx.Exec("SELECT store_id FROM blob_store");
    std::string marker = MarkerOf(root);
    if (!rows.empty()) return CheckIsKnown(root, rows[0]["store_id"].c_str(), marker);
    if (marker.empty()) {
      RETURN_IF_ERROR(CheckFits(tx, root));
      marker = NewId("store");
      RETURN_IF_ERROR(MarkStore(root, marker));
    }
    tx.Exec("INSERT INTO blob_store (store_id) VALUES ($1)", marker);
    LogInfo("store.made", {{"store", marker}});
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::documents
