#include "services/cases/domain/places.h"

#include "services/common/base/status.h"

namespace gatehouse::cases {

absl::Status AddStates(Places& places, const std::string& organisation_id,
                       std::vector<Case>& cases) {
  std::vector<std::string> case_ids;
  case_ids.reserve(cases.size());
  for (const Case& mirrored : cases) case_ids.push_back(mirrored.case_id);
  ASSIGN_OR_RETURN(const auto states, places.Of(organisation_id, case_ids));
  for (Case& mirrored : cases) {
    const auto state = states.find(mirrored.case_id);
    if (state != states.end()) mirrored.state = state->second;
  }
  return absl::OkStatus();
}

}  // namespace gatehouse::cases
