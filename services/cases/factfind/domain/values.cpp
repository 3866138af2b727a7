#include "services/cases/factfind/domain/values.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "services/cases/factfind/domain/decimal.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/common/text/characters.h"
#include "services/common/text/formats.h"
#include "services/common/text/region.h"

namespace gatehouse::cases {
namespace {

constexpr size_t kTextDefault = 1000;
constexpr int kItemsMax = 20;
constexpr size_t kPhoneMax = 40;
constexpr int64_t kMillion = 1000000;

bool HasOption(const Field& field, const std::string& id) {
  const auto& options = field.options();
  return std::any_of(options.begin(), options.end(),
                     [&](const v1::FieldOption& option) { return option.option_id() == id; });
}

// A day as ISO 8601 writes it, and no other way: absl reads `2026-1-5` too.
bool IsDate(const std::string& text) {
  absl::CivilDay day;
  return absl::ParseCivilTime(text, &day) && absl::FormatCivilTime(day) == text &&
         text.size() == std::string("2026-11-28").size();
}

// Which members of a value are set.
std::set<std::string> MembersOf(const Value& value) {
  std::set<std::string> members;
  if (!value.text().empty()) members.insert("text");
  if (!value.choices().empty()) members.insert("choices");
  if (value.has_money()) members.insert("money");
  if (value.has_address()) members.insert("address");
  if (value.has_yes()) members.insert("yes");
  if (!value.items().empty()) members.insert("items");
  return members;
}

std::string MemberOf(Field::Type type) {
  switch (type) {
    case Field::MULTIPLE_CHOICE:
      return "choices";
    case Field::MONEY:
      return "money";
    case Field::ADDRESS:
      return "address";
    case Field::YES_NO:
      return "yes";
    case Field::GROUP:
      return "items";
    default:
      return "text";
  }
}

class Inspection {
 public:
  explicit Inspection(const IsPhone& is_phone) : is_phone_(is_phone) {}

  void Check(const Field& field, const Value& value, const std::string& place) {
    const std::string member = MemberOf(field.type());
    for (const std::string& set : MembersOf(value)) {
      if (set == member) continue;
      return Add(place + "." + set, "is no answer to this field: " + member + " is");
    }
    if (MembersOf(value).empty()) return;
    if (member == "text") return CheckText(field, value.text(), place + ".text");
    if (member == "choices") return CheckChoices(field, value, place);
    if (member == "money") return CheckMoney(field, value.money(), place);
    if (member == "address") return CheckAddress(value.address(), place);
    if (member == "items") CheckItems(field, value, place);
  }

  absl::Status Status() const {
    return violations_.empty() ? absl::OkStatus() : RefuseFields(violations_);
  }

 private:
  void Add(const std::string& place, const std::string& mistake) {
    violations_.push_back({place, mistake});
  }

  void CheckText(const Field& field, const std::string& text, const std::string& place) {
    const size_t max =
        field.max_length() > 0 ? static_cast<size_t>(field.max_length()) : kTextDefault;
    switch (field.type()) {
      case Field::NUMBER:
      case Field::PERCENTAGE:
        return CheckNumber(field, text, place);
      case Field::DATE:
        return IsDate(text) ? void() : Add(place, "must be a day, such as 2026-11-28");
      case Field::CHOICE:
        return HasOption(field, text) ? void() : Add(place, "is none of the options");
      case Field::PHONE:
        if (text.size() <= kPhoneMax && is_phone_(text)) return;
        return Add(place, "must be a phone number");
      case Field::EMAIL_ADDRESS:
        return IsEmail(text) ? void() : Add(place, "must be an e-mail address");
      case Field::FILE: {
        const std::string mistake = MistakeInFormat(common::v1::ID, text);
        return mistake.empty() ? void() : Add(place, "must be a document's id");
      }
      default:
        if (CodePoints(text) > max)
          Add(place, absl::StrCat("must have at most ", max, " characters"));
    }
  }

  void CheckNumber(const Field& field, const std::string& text, const std::string& place) {
    const auto number = ParseDecimal(text, field.decimals());
    if (!number.has_value()) {
      return Add(place, field.decimals() == 0
                            ? "must be a whole number"
                            : absl::StrCat("must be a number with at most ", field.decimals(),
                                           " digits after the point"));
    }
    const bool percentage = field.type() == Field::PERCENTAGE;
    auto min = ParseDecimal(field.min_value(), 6), max = ParseDecimal(field.max_value(), 6);
    if (percentage && !min.has_value()) min = 0;
    if (percentage && !max.has_value()) max = 100 * kMillion;
    if (min.has_value() && *number < *min) {
      Add(place, "must be at least " + (field.min_value().empty() ? "0" : field.min_value()));
    } else if (max.has_value() && *number > *max) {
      Add(place, "must be at most " + (field.max_value().empty() ? "100" : field.max_value()));
    }
  }

  void CheckChoices(const Field& field, const Value& value, const std::string& place) {
    std::set<std::string> chosen;
    for (int i = 0; i < value.choices_size(); ++i) {
      const std::string there = absl::StrCat(place, ".choices[", i, "]");
      if (!HasOption(field, value.choices(i))) Add(there, "is none of the options");
      if (!chosen.insert(value.choices(i)).second) Add(there, "stands there twice");
    }
  }

  void CheckMoney(const Field& field, const v1::AnswerMoney& money, const std::string& place) {
    const auto& currencies = field.currencies();
    if (std::find(currencies.begin(), currencies.end(), money.currency()) == currencies.end()) {
      Add(place + ".money.currency", "is none of the currencies that are asked for");
    }
  }

  void CheckAddress(const v1::AnswerAddress& address, const std::string& place) {
    for (const std::string& line : address.lines()) {
      if (IsBlank(line)) return Add(place + ".address.lines", "must not be blank");
    }
    if (IsBlank(address.locality())) Add(place + ".address.locality", "must not be blank");
    if (!IsRegion(address.country())) {
      Add(place + ".address.country", "must be a country of ISO 3166-1");
    }
  }

  void CheckItems(const Field& field, const Value& value, const std::string& place) {
    const int max = field.max_items() > 0 ? field.max_items() : kItemsMax;
    if (value.items_size() > max) {
      return Add(place + ".items", absl::StrCat("must have at most ", max, " items"));
    }
    for (int i = 0; i < value.items_size(); ++i) {
      std::set<std::string> seen;
      for (int j = 0; j < value.items(i).answers_size(); ++j) {
        const v1::ItemAnswer& answer = value.items(i).answers(j);
        const std::string there = absl::StrCat(place, ".items[", i, "].answers[", j, "]");
        const auto& fields = field.fields();
        const auto asked = std::find_if(fields.begin(), fields.end(), [&](const Field& one) {
          return one.field_id() == answer.field_id();
        });
        if (asked == fields.end()) {
          Add(there + ".field_id", "is no field of the group");
        } else if (!seen.insert(answer.field_id()).second) {
          Add(there + ".field_id", "stands there twice");
        } else {
          Check(*asked, answer.value(), there + ".value");
        }
      }
    }
  }

  const IsPhone& is_phone_;
  std::vector<FieldViolation> violations_;
};

}  // namespace

bool IsAnswered(const Value& value) {
  return !IsBlank(value.text()) || !value.choices().empty() || value.has_money() ||
         value.has_address() || value.has_yes() || !value.items().empty();
}

absl::Status CheckValue(const Field& field, const Value& value, const IsPhone& is_phone) {
  Inspection inspection(is_phone);
  inspection.Check(field, value, "value");
  return inspection.Status();
}

}  // namespace gatehouse::cases
