#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/cases/domain/case.h"

namespace gatehouse::cases {

// Where cases stand in their pipelines, as the mirror asks for it.
class Places {
 public:
  virtual ~Places() = default;

  // The case was put: it begins on the pipeline that names its kind, or moves to the state that the
  // put names, in the transaction of the put. The answer is where it stands then; nothing: in no
  // pipeline. Refuses MOVE_UNKNOWN, STATE_UNKNOWN, NOT_IN_PIPELINE.
  virtual absl::StatusOr<std::optional<CaseState>> Follow(const Caller& caller,
                                                          const Case& put) = 0;
  // Where these cases stand, by their ids, without those that are in no pipeline.
  virtual absl::StatusOr<std::map<std::string, CaseState>> Of(
      const std::string& organisation_id, const std::vector<std::string>& case_ids) = 0;
};

// Says of each of these cases where it stands.
absl::Status AddStates(Places& places, const std::string& organisation_id,
                       std::vector<Case>& cases);

}  // namespace gatehouse::cases
