#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/pipelines.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {

// Whether a condition of a move holds of a case, by what was handed in about it; null: nothing was.
using Facts = std::function<bool(const v1::MoveCondition&)>;

// What the fact finds of cases say, as pipelines ask for it.
class CaseFacts {
 public:
  virtual ~CaseFacts() = default;

  using Conditions = std::vector<v1::MoveCondition>;
  // The facts of these cases that such conditions ask for, as they are now. Without a case of which
  // nothing was handed in that counts.
  virtual absl::StatusOr<std::map<std::string, Facts>> Of(const std::string& organisation_id,
                                                          const std::vector<std::string>& case_ids,
                                                          const Conditions& conditions) = 0;
  // Of each condition, why no answer could ever make it hold, with the place within it; nothing:
  // one could.
  virtual absl::StatusOr<std::vector<std::optional<FieldViolation>>> MistakesIn(
      const std::string& organisation_id, const Conditions& conditions) = 0;
};

}  // namespace gatehouse::cases
