#include "services/gateway/openapi/examples.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/common/rpc/declared_events.h"
#include "services/gateway/openapi/events.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kDepthMax = 6;

const common::v1::FieldRule& RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(common::v1::field);
}

std::string TextOf(const FieldDescriptor& field) {
  const std::string& name = field.name();
  const common::v1::Format format = RuleOf(field).format();
  if (format == common::v1::EMAIL || name == "email") return "ada@example.com";
  if (format == common::v1::URL || absl::EndsWith(name, "_url")) {
    return "https://portal.example.com";
  }
  if (format == common::v1::TIME_ZONE) return "Australia/Sydney";
  if (absl::EndsWith(name, "_id") || format == common::v1::ID) {
    return absl::StrCat(absl::StripSuffix(name, "_id"), "-1");
  }
  if (field.type() == FieldDescriptor::TYPE_BYTES) return "";
  // A page that is the last one, an address that is not known: what may be empty, is.
  return RuleOf(field).required() || absl::StrContains(name, "name") ? "Example" : "";
}

int64_t NumberOf(const FieldDescriptor& field) {
  return std::max<int64_t>(1, RuleOf(field).has_min() ? RuleOf(field).min() : 1);
}

Json MessageOf(const Descriptor& type, int depth);

Json ValueOf(const FieldDescriptor& field, int depth) {
  const std::string& given = RuleOf(field).example();
  int64_t number = NumberOf(field);
  if (!given.empty()) (void)absl::SimpleAtoi(given, &number);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return given == "true";
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
      return number;
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(number);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return 1.5;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto& type = *field.enum_type();
      return given.empty() ? type.value(type.value_count() > 1 ? 1 : 0)->name() : given;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (!given.empty()) return given;
      return MessageOf(*field.message_type(), depth);
    default:
      return given.empty() ? TextOf(field) : given;
  }
}

// Whether a message of this type may hold one of `other`, however deep.
bool LeadsTo(const Descriptor& type, const Descriptor& other, std::set<const Descriptor*>& seen) {
  if (&type == &other) return true;
  if (!seen.insert(&type).second) return false;
  for (int i = 0; i < type.field_count(); ++i) {
    const Descriptor* within = type.field(i)->message_type();
    if (within != nullptr && LeadsTo(*within, other, seen)) return true;
  }
  return false;
}

// Whether what the list holds may hold such a list itself: its example is empty, or had no end.
bool IsEndless(const FieldDescriptor& field) {
  std::set<const Descriptor*> seen;
  return field.is_repeated() && field.message_type() != nullptr &&
         LeadsTo(*field.message_type(), *field.containing_type(), seen);
}

Json MessageOf(const Descriptor& type, int depth) {
  if (type.full_name() == "google.protobuf.Timestamp") return "2026-11-28T09:30:00Z";
  if (type.full_name() == "google.protobuf.Duration") return "900s";
  if (type.full_name() == "google.protobuf.FieldMask") return "";
  if (type.full_name() == "google.protobuf.Struct") return Json::object();
  Json example = Json::object();
  for (int i = 0; i < type.field_count() && depth < kDepthMax; ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (RuleOf(field).cookie() || !RuleOf(field).header().empty()) continue;
    if (RuleOf(field).facts() != common::v1::EVENT_STREAM_UNSPECIFIED) {
      const auto events = DeclaredEvents(RuleOf(field).facts());
      example[field.json_name()] =
          MessageOf(*events.at(example["type"].get<std::string>()), depth + 1);
    } else if (field.is_map()) {
      example[field.json_name()] = Json::object();
    } else if (IsEndless(field)) {
      example[field.json_name()] = Json::array();
    } else if (field.is_repeated()) {
      const Json item = ValueOf(field, depth + 1);
      example[field.json_name()] = item == "" ? Json::array() : Json::array({item});
    } else {
      example[field.json_name()] = ValueOf(field, depth + 1);
    }
  }
  return example;
}

}  // namespace

Json ExampleOf(const Descriptor& type) { return MessageOf(type, 0); }

}  // namespace gatehouse::gateway
