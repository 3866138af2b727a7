#include "services/documents/blobs/seal_store.h"

#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"

namespace gatehouse::documents {
namespace {

struct Place {
  std::string organisation_id, document_id;
};

absl::StatusOr<std::vector<Place>> PlacesAfter(Postgres& postgres, const Place& last) {
  return postgres.Read(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<std::vector<Place>> {
    std::vector<Place> places;
    for (const auto& row : tx.Exec("SELECT organisation_id, document_id FROM document "
                                   "WHERE (organisation_id, document_id) > ($1, $2) "
                                   "ORDER BY organisation_id, document_id LIMIT 500",
                                   last.organisation_id, last.document_id)) {
      places.push_back({row["organisation_id"].c_str(), row["document_id"].c_str()});
    }
    return places;
  });
}

}  // namespace

absl::StatusOr<int> SealStore(Postgres& postgres, SealedBlobs& blobs) {
  int sealed = 0;
  Place last;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<Place> places, PlacesAfter(postgres, last));
    for (const Place& place : places) {
      ASSIGN_OR_RETURN(const bool was_old, blobs.SealOld(place.organisation_id, place.document_id));
      sealed += was_old ? 1 : 0;
    }
    if (places.empty()) break;
    last = places.back();
  }
  LogInfo("blobs.sealed", {{"blobs", absl::StrCat(sealed)}});
  return sealed;
}

}  // namespace gatehouse::documents
