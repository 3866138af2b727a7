#include "services/documents/blobs/init_store.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"
#include "services/documents/blobs/store/sealed_blobs.h"

namespace gatehouse::documents {
namespace {

// Some of them may be lost, so that one is not enough to ask for.
constexpr char kSomeDocuments[] = "SELECT organisation_id, document_id FROM document LIMIT 100";

absl::Status NotTheStore(const MarkedBlobs& store, const std::string& what) {
  return absl::FailedPreconditionError(absl::StrCat(
      store.Name(), " ", what, ": is the right volume mounted there, or the right bucket named?"));
}

// Whether it may be the store of the documents that the database knows.
absl::Status CheckFits(Transaction& tx, MarkedBlobs& store) {
  const auto known = tx.Exec(kSomeDocuments);
  if (known.empty()) return absl::OkStatus();
  for (const auto& row : known) {
    const std::string id = row["document_id"].c_str();
    for (const std::string& name : {SealedName(id), id}) {
      if (store.Read(row["organisation_id"].c_str(), name).ok()) return absl::OkStatus();
    }
  }
  return NotTheStore(store, "has none of the documents that the database knows");
}

absl::Status CheckIsKnown(const MarkedBlobs& store, const std::string& known,
                          const std::string& marker) {
  if (marker == known) return absl::OkStatus();
  return NotTheStore(
      store, marker.empty()
                 ? absl::StrCat("is no blob store, and the database knows ", known)
                 : absl::StrCat("is the blob store ", marker, ", and the database knows ", known));
}

// One at a time, however many processes start.
void Lock(Transaction& tx) {
  tx.Exec("SELECT pg_advisory_xact_lock(hashtext('gatehouse.init_store'))");
}

// Empty where there is none yet.
std::string Known(Transaction& tx) {
  const auto rows = tx.Exec("SELECT store_id FROM blob_store");
  return rows.empty() ? "" : rows[0]["store_id"].c_str();
}

absl::Status Init(Transaction& tx, MarkedBlobs& store) {
  ASSIGN_OR_RETURN(std::string marker, store.Marker());
  if (const std::string known = Known(tx); !known.empty()) {
    return CheckIsKnown(store, known, marker);
  }
  if (marker.empty()) {
    RETURN_IF_ERROR(CheckFits(tx, store));
    marker = NewId("store");
    RETURN_IF_ERROR(store.Mark(marker));
  }
  tx.Exec("INSERT INTO blob_store (store_id) VALUES ($1)", marker);
  LogInfo("store.made", {{"store", marker}});
  return absl::OkStatus();
}

// A folder without a marker may be a mount point, of which the volume is away.
absl::StatusOr<bool> IsNewBucket(MarkedBlobs& store) {
  ASSIGN_OR_RETURN(const std::string marker, store.Marker());
  return marker.empty() && absl::StartsWith(store.Name(), "s3://");
}

}  // namespace

absl::Status InitStore(MarkedBlobs& store, Postgres& postgres) {
  return postgres.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::Status {
    Lock(tx);
    return Init(tx, store);
  });
}

absl::Status InitStores(MarkedBlobs& first, MarkedBlobs& other, Postgres& postgres) {
  return postgres.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::Status {
    Lock(tx);
    ASSIGN_OR_RETURN(const bool first_is_new, IsNewBucket(first));
    MarkedBlobs& old = first_is_new ? other : first;
    MarkedBlobs& fresh = first_is_new ? first : other;
    RETURN_IF_ERROR(Init(tx, old));
    ASSIGN_OR_RETURN(const bool is_new, IsNewBucket(fresh));
    if (is_new) {
      RETURN_IF_ERROR(fresh.Mark(Known(tx)));
      LogInfo("store.joined", {{"store", Known(tx)}});
    }
    ASSIGN_OR_RETURN(const std::string marker, fresh.Marker());
    return CheckIsKnown(fresh, Known(tx), marker);
  });
}

}  // namespace gatehouse::documents
