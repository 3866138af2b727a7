#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/cases/factfind/domain/values.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {

// By section and field.
using Answers = std::map<std::pair<std::string, std::string>, Value>;

// A field that is shown by the answers so far, and its answer, if there is one.
struct ShownField {
  const Field* field;
  const Value* value;  // Null: not answered.
  bool required = false;
};
// Those of a section, in their order.
std::vector<ShownField> ShownFields(const Section& section, const Answers& answers);
// Those of an item of a group.
std::vector<ShownField> ShownFields(const Field& group, const v1::AnswerItem& item);

// Whether a condition on a field of the section holds: the field is shown, and answered so.
bool Holds(const v1::FieldCondition& condition, const Section& section, const Answers& answers);

// How far each section has come.
std::vector<v1::SectionProgress> ProgressOf(const Flow& flow, const Answers& answers);

// OK, or FACT_FIND_INCOMPLETE with every answer that is missing.
absl::Status CheckComplete(const Flow& flow, const Answers& answers);

}  // namespace gatehouse::cases
