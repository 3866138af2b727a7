#include "services/cases/factfind/domain/definition.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "gatehouse/cases/v1/reasons.pb.h"
#include "services/cases/factfind/domain/decimal.h"
#include "services/cases/portal/domain/video.h"

namespace gatehouse::cases {
namespace {

constexpr size_t kMistakesMax = 100;
constexpr int kSectionFieldsMax = 300;
constexpr int kFlowFieldsMax = 600;
constexpr int kDecimalsMax = 6;

using Fields = google::protobuf::RepeatedPtrField<Field>;

bool IsChoice(const Field& field) {
  return field.type() == Field::CHOICE || field.type() == Field::MULTIPLE_CHOICE;
}

bool IsNumeric(const Field& field) {
  return field.type() == Field::NUMBER || field.type() == Field::PERCENTAGE;
}

// Whether `value` may be what a condition on this field waits for.
bool CanBe(const Field& field, const std::string& value) {
  if (field.type() == Field::YES_NO) return value == "true" || value == "false";
  const auto& options = field.options();
  return std::any_of(options.begin(), options.end(),
                     [&](const v1::FieldOption& option) { return option.option_id() == value; });
}

class Mistakes {
 public:
  void Add(const std::string& place, const std::string& mistake) {
    if (violations_.size() < kMistakesMax) violations_.push_back({place, mistake});
  }
  absl::Status Status() const {
    return violations_.empty() ? absl::OkStatus() : RefuseFields(violations_);
  }

 private:
  std::vector<FieldViolation> violations_;
};

// Reads the fields of a section once, and notes what is wrong with them.
class Inspection {
 public:
  explicit Inspection(Mistakes& mistakes) : mistakes_(mistakes) {}

  void Run(const v1::PutSectionRequest& section) {
    std::set<std::string> subsections;
    // Those that stand before, in the section.
    std::map<std::string, const Field*> before;
    int count = 0;
    for (int i = 0; i < section.subsections_size(); ++i) {
      const v1::FactFindSubsection& subsection = section.subsections(i);
      const std::string place = absl::StrCat("subsections[", i, "].");
      if (!subsections.insert(subsection.subsection_id()).second) {
        mistakes_.Add(place + "subsection_id", "stands there twice");
      }
      CheckFields(subsection.fields(), place, before);
      count += CountFields(subsection.fields());
    }
    if (count > kSectionFieldsMax) {
      mistakes_.Add("subsections",
                    absl::StrCat("must have at most ", kSectionFieldsMax, " fields altogether"));
    }
  }

 private:
  void CheckFields(const Fields& fields, const std::string& where,
                   std::map<std::string, const Field*>& before) {
    for (int i = 0; i < fields.size(); ++i) {
      const Field& field = fields.Get(i);
      const std::string place = absl::StrCat(where, "fields[", i, "].");
      CheckConditions(field, place, before);
      if (!before.emplace(field.field_id(), &field).second) {
        mistakes_.Add(place + "field_id", "stands there twice");
      }
      CheckOptions(field, place);
      CheckBounds(field, place);
      CheckGroup(field, place);
    }
  }

  void CheckConditions(const Field& field, const std::string& place,
                       const std::map<std::string, const Field*>& before) {
    if (field.has_shown_if()) CheckCondition(field.shown_if(), place + "shown_if.", before);
    if (!field.has_required_if()) return;
    CheckCondition(field.required_if(), place + "required_if.", before);
    if (field.required()) mistakes_.Add(place + "required_if", "goes instead of required");
  }

  void CheckCondition(const v1::FieldCondition& condition, const std::string& place,
                      const std::map<std::string, const Field*>& before) {
    const auto found = before.find(condition.field_id());
    if (found == before.end()) {
      mistakes_.Add(place + "field_id", "is no field that stands before this one");
      return;
    }
    for (const FieldViolation& mistake : MistakesIn(condition, *found->second)) {
      mistakes_.Add(place + mistake.field, mistake.description);
    }
  }

  void CheckOptions(const Field& field, const std::string& place) {
    if (IsChoice(field) && field.options().empty()) {
      mistakes_.Add(place + "options", "is required of a choice");
    } else if (!IsChoice(field) && !field.options().empty()) {
      mistakes_.Add(place + "options", "go with a choice only");
    }
    std::set<std::string> ids;
    for (int i = 0; i < field.options_size(); ++i) {
      if (ids.insert(field.options(i).option_id()).second) continue;
      mistakes_.Add(absl::StrCat(place, "options[", i, "].option_id"), "stands there twice");
    }
    const bool money = field.type() == Field::MONEY;
    if (money && field.currencies().empty()) {
      mistakes_.Add(place + "currencies", "is required of MONEY");
    } else if (!money && !field.currencies().empty()) {
      mistakes_.Add(place + "currencies", "go with MONEY only");
    }
  }

  void CheckBounds(const Field& field, const std::string& place) {
    if (field.max_length() > 0 && field.type() != Field::TEXT) {
      mistakes_.Add(place + "max_length", "goes with TEXT only");
    }
    const bool bounded =
        !field.min_value().empty() || !field.max_value().empty() || field.decimals() > 0;
    if (bounded && !IsNumeric(field)) {
      mistakes_.Add(place + "decimals", "and bounds go with NUMBER and PERCENTAGE only");
    }
    std::optional<int64_t> min, max;
    if (!field.min_value().empty()) {
      min = ParseDecimal(field.min_value(), kDecimalsMax);
      if (!min.has_value()) mistakes_.Add(place + "min_value", "is no decimal");
    }
    if (!field.max_value().empty()) {
      max = ParseDecimal(field.max_value(), kDecimalsMax);
      if (!max.has_value()) mistakes_.Add(place + "max_value", "is no decimal");
    }
    if (min.has_value() && max.has_value() && *min > *max) {
      mistakes_.Add(place + "max_value", "is less than min_value");
    }
  }

  void CheckGroup(const Field& field, const std::string& place) {
    const bool group = field.type() == Field::GROUP;
    if (group && field.fields().empty()) {
      mistakes_.Add(place + "fields", "is required of a GROUP");
    }
    if (!group && (!field.fields().empty() || field.min_items() > 0 || field.max_items() > 0)) {
      mistakes_.Add(place + "fields", "and min_items and max_items go with GROUP only");
      return;
    }
    if (field.max_items() > 0 && field.min_items() > field.max_items()) {
      mistakes_.Add(place + "max_items", "is less than min_items");
    }
    for (int i = 0; i < field.fields_size(); ++i) {
      if (field.fields(i).type() != Field::GROUP) continue;
      mistakes_.Add(absl::StrCat(place, "fields[", i, "].type"), "is a GROUP in a GROUP");
      return;  // However deep that goes.
    }
    std::map<std::string, const Field*> before;
    CheckFields(field.fields(), place, before);
  }

  Mistakes& mistakes_;
};

// The chosen subsections of a section; all, where none is named.
Section Chosen(const v1::FlowSection& choice, const Section& whole, const std::string& place,
               Mistakes& mistakes) {
  Section section;
  section.set_section_id(whole.section_id());
  section.set_display_name(whole.display_name());
  section.set_description(whole.description());
  std::set<std::string> wanted;
  for (int i = 0; i < choice.subsection_ids_size(); ++i) {
    if (wanted.insert(choice.subsection_ids(i)).second) continue;
    mistakes.Add(absl::StrCat(place, "subsection_ids[", i, "]"), "stands there twice");
  }
  for (const v1::FactFindSubsection& subsection : whole.subsections()) {
    if (!wanted.empty() && wanted.count(subsection.subsection_id()) == 0) continue;
    *section.add_subsections() = subsection;
  }
  if (section.subsections_size() < static_cast<int>(wanted.size())) {
    mistakes.Add(place + "subsection_ids", "names a subsection that the section does not have");
  }
  return section;
}

// Conditions on fields that were left out.
void CheckWhole(const Section& section, const std::string& place, Mistakes& mistakes) {
  std::set<std::string> there;
  for (const v1::FactFindSubsection& subsection : section.subsections()) {
    for (const Field& field : subsection.fields()) {
      for (const v1::FieldCondition* condition : {&field.shown_if(), &field.required_if()}) {
        if (condition->field_id().empty() || there.count(condition->field_id()) != 0) continue;
        mistakes.Add(place + "subsection_ids",
                     absl::StrCat("leaves out ", condition->field_id(), ", on which ",
                                  field.field_id(), " depends"));
      }
      there.insert(field.field_id());
    }
  }
}

}  // namespace

std::vector<FieldViolation> MistakesIn(const v1::FieldCondition& condition, const Field& on) {
  if (!IsChoice(on) && on.type() != Field::YES_NO) {
    return {FieldViolation{"field_id", "is neither a choice nor a YES_NO"}};
  }
  std::vector<FieldViolation> mistakes;
  for (int i = 0; i < condition.values_size(); ++i) {
    if (CanBe(on, condition.values(i))) continue;
    mistakes.push_back({absl::StrCat("values[", i, "]"), "is no answer to that field"});
  }
  return mistakes;
}

int CountFields(const Fields& fields) {
  int count = fields.size();
  for (const Field& field : fields) count += field.fields_size();
  return count;
}

absl::Status CheckSection(const v1::PutSectionRequest& section) {
  Mistakes mistakes;
  Inspection(mistakes).Run(section);
  return mistakes.Status();
}

absl::StatusOr<std::vector<Section>> Resolve(const v1::PutFlowRequest& flow,
                                             const std::map<std::string, Section>& known) {
  Mistakes mistakes;
  std::set<std::string> ids;
  std::vector<Section> sections;
  int count = 0;
  for (int i = 0; i < flow.sections_size(); ++i) {
    const v1::FlowSection& choice = flow.sections(i);
    const std::string place = absl::StrCat("sections[", i, "].");
    if (!ids.insert(choice.section_id()).second) {
      mistakes.Add(place + "section_id", "stands there twice");
    }
    const auto found = known.find(choice.section_id());
    if (found == known.end()) {
      mistakes.Add(place + "section_id", "is no section of the fact find");
      continue;
    }
    sections.push_back(Chosen(choice, found->second, place, mistakes));
    CheckWhole(sections.back(), place, mistakes);
    for (const auto& subsection : sections.back().subsections()) {
      count += CountFields(subsection.fields());
    }
  }
  if (count > kFlowFieldsMax) {
    mistakes.Add("sections", absl::StrCat("must have at most ", kFlowFieldsMax, " fields"));
  }
  RETURN_IF_ERROR(mistakes.Status());
  return sections;
}

absl::Status CheckFlowVideos(const v1::PutFlowVideosRequest& videos) {
  std::set<std::pair<std::string, std::string>> pages;
  for (int i = 0; i < videos.videos_size(); ++i) {
    const v1::FlowVideo& video = videos.videos(i);
    if (!pages.insert({video.section_id(), video.subsection_id()}).second) {
      return RefuseField(absl::StrCat("videos[", i, "].section_id"), "has a video already");
    }
    if (!ParseVideo(video.video()).has_value()) {
      return WithFact(Refuse(v1::VIDEO_LINK_UNKNOWN,
                             "the link is none to one video of YouTube or Vimeo: copy it anew"),
                      "field", absl::StrCat("videos[", i, "]"));
    }
  }
  return absl::OkStatus();
}

std::string SubmitActionOf(const Flow& flow) {
  return flow.submit_action().empty() ? "fact-find-submitted" : flow.submit_action();
}

const Field* FindField(const Flow& flow, const std::string& section_id,
                       const std::string& field_id) {
  for (const Section& section : flow.definition()) {
    if (section.section_id() != section_id) continue;
    for (const v1::FactFindSubsection& subsection : section.subsections()) {
      for (const Field& field : subsection.fields()) {
        if (field.field_id() == field_id) return &field;
      }
    }
  }
  return nullptr;
}

}  // namespace gatehouse::cases
