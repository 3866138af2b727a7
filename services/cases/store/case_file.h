#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// A case's row, for nouns that keep something about the case beside the mirror.
class CaseFile {
 public:
  explicit CaseFile(Postgres& postgres) : postgres_(postgres) {}

  // Locks the case until the transaction ends, and gives it another etag, which is the answer.
  // With an etag, only that version. Refuses NOT_FOUND, ETAG_MISMATCH.
  absl::StatusOr<std::string> Touch(const std::string& organisation_id, const std::string& case_id,
                                    const std::string& etag);
  // The case's etag. Refuses NOT_FOUND.
  absl::StatusOr<std::string> Etag(const std::string& organisation_id, const std::string& case_id);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::cases
