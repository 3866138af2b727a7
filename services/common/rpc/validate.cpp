#include "services/common/rpc/validate.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>
#include <re2/re2.h>

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/batch.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/characters.h"
#include "services/common/text/formats.h"

namespace gatehouse {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Violations = std::vector<FieldViolation>;

constexpr uint32_t kLengthMax = 1000;
constexpr uint32_t kItemsMax = 100;
constexpr size_t kViolationsMax = 100;

// A field with its rule, ready to be applied.
struct Check {
  const FieldDescriptor* field;
  common::v1::FieldRule rule;
  std::unique_ptr<RE2> pattern;
};
using Plan = std::vector<Check>;

const Plan& PlanOf(const Descriptor& type) {
  static std::mutex mutex;
  static std::map<const Descriptor*, std::unique_ptr<Plan>> plans;
  const std::lock_guard lock(mutex);
  auto& plan = plans[&type];
  if (plan != nullptr) return *plan;
  plan = std::make_unique<Plan>();
  for (int i = 0; i < type.field_count(); ++i) {
    Check check{type.field(i), type.field(i)->options().GetExtension(common::v1::field), nullptr};
    if (!check.rule.pattern().empty()) check.pattern = std::make_unique<RE2>(check.rule.pattern());
    plan->push_back(std::move(check));
  }
  return *plan;
}

void CheckMessage(const Message& message, const std::string& path, Violations& violations);

void CheckText(const Check& check, const std::string& text, const std::string& path,
               Violations& violations) {
  const auto& rule = check.rule;
  const bool bytes = check.field->type() == FieldDescriptor::TYPE_BYTES;
  const size_t length = bytes ? text.size() : CodePoints(text);
  const uint32_t max = rule.max_length() != 0 ? rule.max_length() : kLengthMax;
  if (length > max) {
    violations.push_back(
        {path, absl::StrCat("must have at most ", max, bytes ? " bytes" : " characters")});
  } else if (length < rule.min_length()) {
    violations.push_back(
        {path, absl::StrCat("must have at least ", rule.min_length(), " characters")});
  } else if (!bytes && text.find('\0') != std::string::npos) {
    violations.push_back({path, "must not contain NUL"});
  } else if (!bytes && rule.required() && !rule.secret() && !rule.may_be_blank() && IsBlank(text)) {
    violations.push_back({path, "is required"});
  } else if (check.pattern != nullptr && !RE2::FullMatch(text, *check.pattern)) {
    violations.push_back({path, absl::StrCat("must match ", rule.pattern())});
  } else if (const auto mistake = MistakeInFormat(rule.format(), text); !mistake.empty()) {
    violations.push_back({path, mistake});
  }
}

void CheckRange(const Check& check, int64_t value, const std::string& path,
                Violations& violations) {
  const auto& rule = check.rule;
  if (rule.has_min() && value < rule.min()) {
    violations.push_back({path, absl::StrCat("must be at least ", rule.min())});
  } else if (rule.has_max() && value > rule.max()) {
    violations.push_back({path, absl::StrCat("must be at most ", rule.max())});
  }
}

// A part of a second is beyond a bound of whole ones: half a second is not zero.
void CheckDuration(const Check& check, const google::protobuf::Duration& value,
                   const std::string& path, Violations& violations) {
  const int64_t part = value.nanos() > 0 ? 1 : value.nanos() < 0 ? -1 : 0;
  const bool above = check.rule.has_max() && value.seconds() == check.rule.max() && part > 0;
  const bool below = check.rule.has_min() && value.seconds() == check.rule.min() && part < 0;
  CheckRange(check, value.seconds() + (above || below ? part : 0), path, violations);
}

void CheckSubmessage(const Check& check, const Message& value, const std::string& path,
                     Violations& violations) {
  if (value.GetDescriptor() == google::protobuf::Duration::descriptor()) {
    CheckDuration(check, static_cast<const google::protobuf::Duration&>(value), path, violations);
  } else if (value.GetDescriptor() != google::protobuf::Timestamp::descriptor()) {
    CheckMessage(value, path + ".", violations);
  }
}

// One value of a field: the `index`th of a repeated one, or the only one (index -1).
void CheckValue(const Check& check, const Message& message, int index, const std::string& path,
                Violations& violations) {
  const FieldDescriptor* field = check.field;
  const Reflection& in = *message.GetReflection();
  const bool many = index >= 0;
  std::string scratch;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      CheckText(check,
                many ? in.GetRepeatedStringReference(message, field, index, &scratch)
                     : in.GetStringReference(message, field, &scratch),
                path, violations);
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      CheckRange(check,
                 many ? in.GetRepeatedInt32(message, field, index) : in.GetInt32(message, field),
                 path, violations);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      CheckRange(check,
                 many ? in.GetRepeatedInt64(message, field, index) : in.GetInt64(message, field),
                 path, violations);
      break;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number =
          many ? in.GetRepeatedEnumValue(message, field, index) : in.GetEnumValue(message, field);
      if (field->enum_type()->FindValueByNumber(number) == nullptr) {
        violations.push_back({path, "is not one of the values of its enum"});
      }
      break;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      CheckSubmessage(
          check,
          many ? in.GetRepeatedMessage(message, field, index) : in.GetMessage(message, field), path,
          violations);
      break;
    default:
      break;
  }
}

void CheckMapEntry(const Check& check, const Message& entry, const std::string& path,
                   Violations& violations) {
  // A map's rule is its values' rule; keys have the general bounds.
  const Descriptor& type = *entry.GetDescriptor();
  const Check key{type.map_key(), {}, nullptr};
  CheckValue(key, entry, -1, path, violations);
  Check value{type.map_value(), check.rule, nullptr};
  CheckValue(value, entry, -1, path, violations);
}

void CheckRepeated(const Check& check, const Message& message, const std::string& path,
                   Violations& violations) {
  const int size = message.GetReflection()->FieldSize(message, check.field);
  const int max = static_cast<int>(MaxItemsOf(*check.field));
  if (size > max) violations.push_back({path, absl::StrCat("must have at most ", max, " items")});
  if (size == 0 && check.rule.required()) violations.push_back({path, "is required"});
  if (check.field->options().GetExtension(common::v1::judged_one_by_one)) return;
  for (int i = 0; i < std::min(size, max); ++i) {
    const std::string item = absl::StrCat(path, "[", i, "]");
    if (check.field->is_map()) {
      CheckMapEntry(check, message.GetReflection()->GetRepeatedMessage(message, check.field, i),
                    item, violations);
    } else {
      CheckValue(check, message, i, item, violations);
    }
  }
}

bool IsSet(const Message& message, const FieldDescriptor& field) {
  return message.GetReflection()->HasField(message, &field);
}

void CheckMessage(const Message& message, const std::string& path, Violations& violations) {
  for (const Check& check : PlanOf(*message.GetDescriptor())) {
    if (violations.size() >= kViolationsMax) return;
    const std::string name = path + check.field->name();
    if (check.field->is_repeated()) {
      CheckRepeated(check, message, name, violations);
    } else if (IsSet(message, *check.field)) {
      CheckValue(check, message, -1, name, violations);
    } else if (check.rule.required()) {
      violations.push_back({name, "is required"});
    }
  }
}

}  // namespace

uint32_t MaxItemsOf(const FieldDescriptor& field) {
  const uint32_t max = field.options().GetExtension(common::v1::field).max_items();
  return max != 0 ? max : kItemsMax;
}

absl::Status Validate(const Message& message) {
  Violations violations;
  CheckMessage(message, "", violations);
  return violations.empty() ? absl::OkStatus() : RefuseFields(violations);
}

}  // namespace gatehouse
