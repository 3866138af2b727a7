#include "services/gateway/json/json_writer.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/field_mask_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/common/text/json_text.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Fields that travel beside the body: in the cookie, or as a header.
bool IsElsewhere(const FieldDescriptor& field) {
  const auto& rule = field.options().GetExtension(common::v1::field);
  return rule.cookie() || !rule.header().empty();
}

// JSON has no word for what is no number: ProtoJSON writes it as a string.
void WriteDouble(double number, int digits, std::string& json) {
  if (std::isnan(number)) {
    json += "\"NaN\"";
  } else if (std::isinf(number)) {
    json += number < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  } else {
    absl::StrAppendFormat(&json, "%.*g", digits, number);
  }
}

void WriteAny(const google::protobuf::Value& value, std::string& json);

// In the order of the names, as a map.
void WriteStruct(const google::protobuf::Struct& object, std::string& json) {
  std::map<std::string, const google::protobuf::Value*> members;
  for (const auto& [name, value] : object.fields()) members[name] = &value;
  json += '{';
  for (const auto& [name, value] : members) {
    if (json.back() != '{') json += ',';
    AppendJsonString(name, json);
    json += ':';
    WriteAny(*value, json);
  }
  json += '}';
}

// What is no message of the contract, but JSON of whatever shape.
void WriteAny(const google::protobuf::Value& value, std::string& json) {
  switch (value.kind_case()) {
    case google::protobuf::Value::kStringValue:
      return AppendJsonString(value.string_value(), json);
    case google::protobuf::Value::kBoolValue:
      json += value.bool_value() ? "true" : "false";
      return;
    case google::protobuf::Value::kNumberValue:
      return WriteDouble(value.number_value(), 17, json);
    case google::protobuf::Value::kStructValue:
      return WriteStruct(value.struct_value(), json);
    case google::protobuf::Value::kListValue:
      json += '[';
      for (const google::protobuf::Value& item : value.list_value().values()) {
        if (&item != &*value.list_value().values().begin()) json += ',';
        WriteAny(item, json);
      }
      json += ']';
      return;
    default:
      json += "null";
  }
}

void WriteMessage(const Message& message, std::string& json) {
  using google::protobuf::DynamicCastToGenerated;
  if (const auto* time = DynamicCastToGenerated<google::protobuf::Timestamp>(&message)) {
    absl::StrAppend(&json, "\"", google::protobuf::util::TimeUtil::ToString(*time), "\"");
  } else if (const auto* span = DynamicCastToGenerated<google::protobuf::Duration>(&message)) {
    absl::StrAppend(&json, "\"", google::protobuf::util::TimeUtil::ToString(*span), "\"");
  } else if (const auto* mask = DynamicCastToGenerated<google::protobuf::FieldMask>(&message)) {
    std::string text;
    google::protobuf::util::FieldMaskUtil::ToJsonString(*mask, &text);
    AppendJsonString(text, json);
  } else if (const auto* any = DynamicCastToGenerated<google::protobuf::Struct>(&message)) {
    WriteStruct(*any, json);
  } else {
    WriteJson(message, json);
  }
}

void WriteEnum(const google::protobuf::EnumDescriptor& type, int number, std::string& json) {
  const auto* value = type.FindValueByNumber(number);
  // A newer service may know more values than this gateway.
  if (value == nullptr) {
    absl::StrAppend(&json, number);
  } else {
    absl::StrAppend(&json, "\"", value->name(), "\"");
  }
}

// One value: of a singular field with index -1, else of a repeated one.
void WriteValue(const Message& message, const FieldDescriptor& field, int index,
                std::string& json) {
  const Reflection& r = *message.GetReflection();
  const bool one = index < 0;
#define VALUE(Type) \
  (one ? r.Get##Type(message, &field) : r.GetRepeated##Type(message, &field, index))
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text =
          one ? r.GetStringReference(message, &field, &scratch)
              : r.GetRepeatedStringReference(message, &field, index, &scratch);
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        absl::StrAppend(&json, "\"", absl::Base64Escape(text), "\"");
      } else {
        AppendJsonString(text, json);
      }
      return;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      json += VALUE(Bool) ? "true" : "false";
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      absl::StrAppend(&json, VALUE(Int32));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      absl::StrAppend(&json, VALUE(UInt32));
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      absl::StrAppend(&json, "\"", VALUE(Int64), "\"");
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      absl::StrAppend(&json, "\"", VALUE(UInt64), "\"");
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return WriteDouble(VALUE(Double), 17, json);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return WriteDouble(VALUE(Float), 9, json);
    case FieldDescriptor::CPPTYPE_ENUM:
      WriteEnum(*field.enum_type(), VALUE(EnumValue), json);
      return;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      WriteMessage(VALUE(Message), json);
      return;
  }
#undef VALUE
}

// In the order of the keys, so that equal messages are equal JSON.
void WriteMap(const Message& message, const FieldDescriptor& field, std::string& json) {
  const Reflection& reflection = *message.GetReflection();
  std::map<std::string, const Message*> entries;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    entries[entry.GetReflection()->GetString(entry, field.message_type()->map_key())] = &entry;
  }
  json += '{';
  for (const auto& [key, entry] : entries) {
    if (json.back() != '{') json += ',';
    AppendJsonString(key, json);
    json += ':';
    WriteValue(*entry, *field.message_type()->map_value(), -1, json);
  }
  json += '}';
}

void WriteRepeated(const Message& message, const FieldDescriptor& field, std::string& json) {
  json += '[';
  const int size = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    if (i > 0) json += ',';
    WriteValue(message, field, i, json);
  }
  json += ']';
}

}  // namespace

void WriteJson(const Message& message, std::string& json) {
  const Reflection& reflection = *message.GetReflection();
  const auto& type = *message.GetDescriptor();
  json += '{';
  bool first = true;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool optional = field.has_presence();
    if ((optional && !reflection.HasField(message, &field)) || IsElsewhere(field)) continue;
    if (!first) json += ',';
    first = false;
    absl::StrAppend(&json, "\"", field.json_name(), "\":");
    if (field.is_map()) {
      WriteMap(message, field, json);
    } else if (field.is_repeated()) {
      WriteRepeated(message, field, json);
    } else {
      WriteValue(message, field, -1, json);
    }
  }
  json += '}';
}

}  // namespace gatehouse::gateway
