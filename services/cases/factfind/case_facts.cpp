#include "services/cases/factfind/case_facts.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace gatehouse::cases {
namespace {

// A fact find that counts: what was asked, and answered.
struct Said {
  std::shared_ptr<const Flow> flow;
  Answers answers;
};

const Section* FindSection(const Flow& flow, const std::string& section_id) {
  const auto& sections = flow.definition();
  const auto found = std::find_if(sections.begin(), sections.end(), [&](const Section& section) {
    return section.section_id() == section_id;
  });
  return found == sections.end() ? nullptr : &*found;
}

// A flow of a later version may have lost the section: then nothing was said of it.
bool Says(const Said& said, const v1::MoveCondition& condition) {
  if (said.flow->flow_id() != condition.flow_id()) return false;
  const Section* section = FindSection(*said.flow, condition.section_id());
  return section != nullptr && Holds(condition.answer(), *section, said.answers);
}

std::optional<FieldViolation> MistakeOf(const Flow& flow, const v1::MoveCondition& condition) {
  if (FindSection(flow, condition.section_id()) == nullptr) {
    return FieldViolation{"section_id", "is no section of this flow"};
  }
  const Field* field = FindField(flow, condition.section_id(), condition.answer().field_id());
  if (field == nullptr) {
    return FieldViolation{"answer.field_id",
                          "is no field of this section; those of groups do not count"};
  }
  const std::vector<FieldViolation> mistakes = MistakesIn(condition.answer(), *field);
  if (mistakes.empty()) return std::nullopt;
  return FieldViolation{"answer." + mistakes.front().field, mistakes.front().description};
}

}  // namespace

absl::StatusOr<std::map<std::string, Facts>> FactFindFacts::Of(
    const std::string& organisation_id, const std::vector<std::string>& case_ids,
    const Conditions& conditions) {
  FactFindStore::Wanted wanted{.case_ids = case_ids, .flow_ids = {}, .section_ids = {}};
  for (const v1::MoveCondition& condition : conditions) {
    wanted.flow_ids.push_back(condition.flow_id());
    wanted.section_ids.push_back(condition.section_id());
  }
  std::map<std::string, Facts> facts;
  if (conditions.empty() || case_ids.empty()) return facts;
  ASSIGN_OR_RETURN(const auto finds, finds_.ListHandedIn(organisation_id, wanted));
  std::map<std::string, std::vector<Said>> said;
  for (const FactFindStore::HandedIn& find : finds) {
    ASSIGN_OR_RETURN(auto flow, flows_.Version(organisation_id, find.flow_id, find.flow_version));
    said[find.case_id].push_back({std::move(flow), find.answers});
  }
  for (auto& [case_id, of_case] : said) {
    facts[case_id] = [of_case = std::move(of_case)](const v1::MoveCondition& condition) {
      return std::any_of(of_case.begin(), of_case.end(),
                         [&](const Said& one) { return Says(one, condition); });
    };
  }
  return facts;
}

absl::StatusOr<std::vector<std::optional<FieldViolation>>> FactFindFacts::MistakesIn(
    const std::string& organisation_id, const Conditions& conditions) {
  std::map<std::string, absl::StatusOr<Flow>> flows;
  std::vector<std::optional<FieldViolation>> mistakes;
  for (const v1::MoveCondition& condition : conditions) {
    auto found = flows.find(condition.flow_id());
    if (found == flows.end()) {
      const std::string& id = condition.flow_id();
      found = flows.emplace(id, flows_.GetFlow(organisation_id, id, 0)).first;
    }
    if (ReasonOf(found->second.status()) == "NOT_FOUND") {
      mistakes.push_back(FieldViolation{"flow_id", "is no flow of the organisation"});
      continue;
    }
    RETURN_IF_ERROR(found->second.status());
    mistakes.push_back(MistakeOf(*found->second, condition));
  }
  return mistakes;
}

}  // namespace gatehouse::cases
