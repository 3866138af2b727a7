#pragma once

#include "services/common/postgres/postgres.h"
#include "services/documents/previews/domain/preview_store.h"
#include "services/documents/uploads/effects.h"

namespace gatehouse::documents {

class PostgresPreviews : public PreviewStore {
 public:
  PostgresPreviews(Postgres& postgres, Effects& effects) : postgres_(postgres), effects_(effects) {}

  absl::StatusOr<std::optional<StoredPreview>> Find(const std::string& organisation_id,
                                                    const std::string& document_id) override;
  absl::StatusOr<bool> Keep(const Document& document, const StoredPreview& preview) override;
  absl::Status End(const Document& document, PreviewState state) override;
  absl::StatusOr<int> AskForPreviews(int max) override;

 private:
  Postgres& postgres_;
  Effects& effects_;
};

}  // namespace gatehouse::documents
