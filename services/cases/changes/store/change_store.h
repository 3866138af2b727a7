#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cases/domain/case.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse::cases {

// The last change of a case: nothing of the case where it was deleted.
struct CaseChange {
  int64_t number = 0;
  std::string case_id;
  absl::Time time;
  std::optional<Case> mirrored;  // Without where it stands.
};

// What changed of an organisation's cases, in an order that no late commit goes back in.
class ChangeStore {
 public:
  explicit ChangeStore(Postgres& postgres) : postgres_(postgres) {}

  // The first ones after this number.
  absl::StatusOr<std::vector<CaseChange>> List(const std::string& organisation_id, int64_t after,
                                               int limit);

 private:
  Postgres& postgres_;
};

}  // namespace gatehouse::cases
