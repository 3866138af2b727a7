#include "services/cases/factfind/domain/progress.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"

namespace gatehouse::cases {
namespace {

using Fields = google::protobuf::RepeatedPtrField<Field>;
using Look = std::function<const Value*(const std::string& field_id)>;
// The answers of fields that are shown; null: shown, and not answered.
using Shown = std::map<std::string, const Value*>;

// Whether a condition holds by what was answered before. A field that is not shown says nothing,
// whatever was answered once.
bool Holds(const v1::FieldCondition& condition, const Shown& before) {
  const auto found = before.find(condition.field_id());
  if (found == before.end() || found->second == nullptr) return false;
  const Value& value = *found->second;
  const auto& wanted = condition.values();
  const auto is_wanted = [&](const std::string& one) {
    return std::find(wanted.begin(), wanted.end(), one) != wanted.end();
  };
  if (value.has_yes()) return is_wanted(value.yes() ? "true" : "false");
  return is_wanted(value.text()) ||
         std::any_of(value.choices().begin(), value.choices().end(), is_wanted);
}

void AddShown(const Fields& fields, const Look& look, Shown& before,
              std::vector<ShownField>& shown) {
  for (const Field& field : fields) {
    if (field.has_shown_if() && !Holds(field.shown_if(), before)) continue;
    const Value* value = look(field.field_id());
    if (value != nullptr && !IsAnswered(*value)) value = nullptr;
    const bool required =
        field.required() || (field.has_required_if() && Holds(field.required_if(), before));
    shown.push_back({&field, value, required});
    before[field.field_id()] = value;
  }
}

// Where what must be answered is not.
void AddGaps(const ShownField& shown, const std::string& place, std::vector<std::string>& gaps) {
  const Field& field = *shown.field;
  if (shown.value == nullptr) {
    if (shown.required) gaps.push_back(place);
    return;
  }
  if (field.type() != Field::GROUP) return;
  if (shown.required && shown.value->items_size() < field.min_items()) gaps.push_back(place);
  for (int i = 0; i < shown.value->items_size(); ++i) {
    for (const ShownField& within : ShownFields(field, shown.value->items(i))) {
      AddGaps(within, absl::StrCat(place, "[", i, "].", within.field->field_id()), gaps);
    }
  }
}

}  // namespace

std::vector<ShownField> ShownFields(const Section& section, const Answers& answers) {
  std::vector<ShownField> shown;
  Shown before;
  for (const v1::FactFindSubsection& subsection : section.subsections()) {
    AddShown(
        subsection.fields(),
        [&](const std::string& field_id) -> const Value* {
          const auto found = answers.find({section.section_id(), field_id});
          return found == answers.end() ? nullptr : &found->second;
        },
        before, shown);
  }
  return shown;
}

std::vector<ShownField> ShownFields(const Field& group, const v1::AnswerItem& item) {
  std::vector<ShownField> shown;
  Shown before;
  AddShown(
      group.fields(),
      [&](const std::string& field_id) -> const Value* {
        for (const v1::ItemAnswer& answer : item.answers()) {
          if (answer.field_id() == field_id) return &answer.value();
        }
        return nullptr;
      },
      before, shown);
  return shown;
}

bool Holds(const v1::FieldCondition& condition, const Section& section, const Answers& answers) {
  Shown shown;
  for (const ShownField& field : ShownFields(section, answers)) {
    shown[field.field->field_id()] = field.value;
  }
  return Holds(condition, shown);
}

std::vector<v1::SectionProgress> ProgressOf(const Flow& flow, const Answers& answers) {
  std::vector<v1::SectionProgress> progress;
  for (const Section& section : flow.definition()) {
    v1::SectionProgress& row = progress.emplace_back();
    row.set_section_id(section.section_id());
    for (const ShownField& shown : ShownFields(section, answers)) {
      std::vector<std::string> gaps;
      AddGaps(shown, "", gaps);
      row.set_shown(row.shown() + 1);
      row.set_answered(row.answered() + (shown.value != nullptr ? 1 : 0));
      row.set_required(row.required() + (shown.required ? 1 : 0));
      row.set_required_answered(row.required_answered() + (shown.required && gaps.empty() ? 1 : 0));
    }
  }
  return progress;
}

absl::Status CheckComplete(const Flow& flow, const Answers& answers) {
  std::vector<std::string> gaps;
  for (const Section& section : flow.definition()) {
    for (const ShownField& shown : ShownFields(section, answers)) {
      AddGaps(shown, absl::StrCat(section.section_id(), ".", shown.field->field_id()), gaps);
    }
  }
  if (gaps.empty()) return absl::OkStatus();
  std::vector<Violation> violations;
  for (const std::string& gap : gaps) {
    if (violations.size() == 100) break;
    violations.push_back(
        {v1::FactFindGap_Name(v1::ANSWER_MISSING), gap, "this must be answered first"});
  }
  return WithViolations(Refuse(v1::FACT_FIND_INCOMPLETE, "answers are missing"), violations);
}

}  // namespace gatehouse::cases
