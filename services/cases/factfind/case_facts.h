#pragma once

#include "services/cases/domain/facts.h"
#include "services/cases/factfind/store/fact_find_store.h"
#include "services/cases/factfind/store/flow_store.h"

namespace gatehouse::cases {

// What fact finds say of cases, to the moves of their pipelines: each is read by the version of the
// flow that it was answered in.
class FactFindFacts : public CaseFacts {
 public:
  FactFindFacts(FlowStore& flows, FactFindStore& finds) : flows_(flows), finds_(finds) {}

  absl::StatusOr<std::map<std::string, Facts>> Of(const std::string& organisation_id,
                                                  const std::vector<std::string>& case_ids,
                                                  const Conditions& conditions) override;
  absl::StatusOr<std::vector<std::optional<FieldViolation>>> MistakesIn(
      const std::string& organisation_id, const Conditions& conditions) override;

 private:
  FlowStore& flows_;
  FactFindStore& finds_;
};

}  // namespace gatehouse::cases
