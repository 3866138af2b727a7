#include "services/documents/previews/store/postgres_previews.h"

#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

int NumberOf(PreviewState state) { return static_cast<int>(state); }

// Whether a document that waited for its preview waits no more, since that has come to its end.
bool EndWaiting(Transaction& tx, const Document& document, PreviewState state) {
  return !tx.Exec(
                "UPDATE document SET preview = $3 WHERE organisation_id = $1 "
                "AND document_id = $2 AND preview = $4 RETURNING 1",
                document.organisation_id, document.document_id, NumberOf(state),
                NumberOf(PreviewState::kWaiting))
              .empty();
}

}  // namespace

absl::StatusOr<std::optional<StoredPreview>> PostgresPreviews::Find(
    const std::string& organisation_id, const std::string& document_id) {
  using Result = absl::StatusOr<std::optional<StoredPreview>>;
  return postgres_.Read(Rows::Of(organisation_id), [&](Transaction& tx) -> Result {
    const auto rows = tx.Exec(
        "SELECT blob_id, small_bytes, large_bytes FROM preview WHERE organisation_id = $1 "
        "AND document_id = $2",
        organisation_id, document_id);
    if (rows.empty()) return std::nullopt;
    return StoredPreview{.blob_id = rows[0]["blob_id"].c_str(),
                         .small_bytes = rows[0]["small_bytes"].as<int64_t>(),
                         .large_bytes = rows[0]["large_bytes"].as<int64_t>()};
  });
}

absl::StatusOr<bool> PostgresPreviews::Keep(const Document& document,
                                            const StoredPreview& preview) {
  const Document& d = document;
  return postgres_.Write(Rows::Of(d.organisation_id), [&](Transaction& tx) -> absl::StatusOr<bool> {
    // Holds the document's row, so that it is not deleted meanwhile.
    if (!EndWaiting(tx, d, PreviewState::kReady)) return false;
    const auto noted = tx.Exec(
        "DELETE FROM loose_blob WHERE organisation_id = $1 AND document_id = $2 RETURNING 1",
        d.organisation_id, preview.blob_id);
    if (noted.empty()) return absl::AbortedError("the preview's bytes may be gone");
    tx.Exec(
        "INSERT INTO preview (organisation_id, document_id, blob_id, small_bytes, large_bytes) "
        "VALUES ($1, $2, $3, $4, $5)",
        d.organisation_id, d.document_id, preview.blob_id, preview.small_bytes,
        preview.large_bytes);
    return true;
  });
}

absl::Status PostgresPreviews::End(const Document& document, PreviewState state) {
  return postgres_.WriteOne(Rows::Of(document.organisation_id),
                            [&](Transaction& tx) -> absl::Status {
                              EndWaiting(tx, document, state);
                              return absl::OkStatus();
                            });
}

absl::StatusOr<int> PostgresPreviews::AskForPreviews(int max) {
  return postgres_.Write(Rows::OfAll(), [&](Transaction& tx) -> absl::StatusOr<int> {
    // What another replica decides is left to it.
    const auto found = tx.Exec(
        "SELECT organisation_id, case_id, document_id, content_type, scan FROM document "
        "WHERE preview = 0 ORDER BY document_id DESC LIMIT $1 FOR UPDATE SKIP LOCKED",
        max);
    for (const auto& row : found) {
      const std::string organisation_id = row["organisation_id"].c_str(),
                        document_id = row["document_id"].c_str();
      const PreviewState state = PreviewAtFirst(row["content_type"].c_str(), true);
      tx.Exec("UPDATE document SET preview = $3 WHERE organisation_id = $1 AND document_id = $2",
              organisation_id, document_id, NumberOf(state));
      const bool pending = row["scan"].as<int>() == static_cast<int>(Scan::kPending);
      if (state == PreviewState::kWaiting && !pending) {
        effects_.PreviewLater(tx, organisation_id, row["case_id"].c_str(), document_id);
      }
    }
    return static_cast<int>(found.size());
  });
}

}  // namespace gatehouse::documents
