#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cases/domain/case.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// Finds cases by the words that IndexWords() keeps.
class SearchStore {
 public:
  struct Found {
    std::vector<Case> cases;  // Without where they stand.
    bool more = false;        // There may be others.
  };

  explicit SearchStore(Postgres& postgres) : postgres_(postgres) {}

  // The words of a text, as cases are found by them; the longest first.
  absl::StatusOr<std::vector<std::string>> WordsOf(const std::string& text);

  // Those that have, for each of these words, one that begins so; where the first one is a case's
  // word as it stands, before the others. Of that word's range 5,000 are looked at: of one that
  // more cases have, beside a rare one, some may be missed, which is `more`, too.
  absl::StatusOr<Found> Find(const std::string& organisation_id,
                             const std::vector<std::string>& words, int limit);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::cases
