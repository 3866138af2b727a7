#include "services/gateway/json/json_reader.h"

#include <simdjson.h>

#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/rpc/validate.h"
#include "services/common/text/json_text.h"
#include "services/gateway/json/json_values.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr size_t kDepthMax = 32;
constexpr size_t kSizeMax = 1 << 20, kFirstCapacity = 16 << 10;

absl::Status Wrong(const std::string& path, const std::string& what) {
  return RefuseField(path, what);
}

std::string Text(const element& value) { return std::string(value.get_string().value_unsafe()); }

// An integer of any width, as a number or as a string; false if it is none or too large.
template <typename Integer>
bool IntegerOf(const element& value, Integer& result) {
  if (value.is_string()) return ReadInteger(Text(value), result);
  if (value.is_uint64()) {
    const uint64_t number = value.get_uint64().value_unsafe();
    result = static_cast<Integer>(number);
    return number <= static_cast<uint64_t>(std::numeric_limits<Integer>::max());
  }
  if (value.is_int64()) {
    const int64_t number = value.get_int64().value_unsafe();
    if (std::numeric_limits<Integer>::min() == 0 && number < 0) return false;
    result = static_cast<Integer>(number);
    return static_cast<int64_t>(result) == number;
  }
  return value.is_double() && ReadInteger(value.get_double().value_unsafe(), result);
}

// Overlong lists are refused at their limit, not after as many messages as fit into a body.
std::string TooMany(size_t limit) { return absl::StrCat("must have at most ", limit, " items"); }

class Reader {
 public:
  // A field's path is put together from its parents' names only when something is wrong.
  struct Path {
    const Path* parent = nullptr;
    std::string name;
    std::string text() const {
      if (parent == nullptr) return "";
      const std::string above = parent->text();
      if (above.empty() || name[0] == '[') return above + name;
      return absl::StrCat(above, ".", name);
    }
  };

  static absl::Status ReadObject(const element& value, Message& message, const Path& path) {
    if (!value.is_object()) return Wrong(path.text(), "must be an object");
    const Descriptor& type = *message.GetDescriptor();
    std::set<int> seen;
    const simdjson::dom::object object = value.get_object().value_unsafe();
    for (const auto [key, member] : object) {
      const std::string name(key);
      const Path here{&path, name};
      const FieldDescriptor* field = FindField(type, name);
      if (field == nullptr) return Wrong(here.text(), "is not a field that is known here");
      if (!seen.insert(field->number()).second) return Wrong(here.text(), "comes twice");
      if (member.is_null()) continue;
      RETURN_IF_ERROR(ReadField(member, *field, message, here));
    }
    return absl::OkStatus();
  }

  static const FieldDescriptor* FindField(const Descriptor& type, const std::string& name) {
    const FieldDescriptor* field = type.FindFieldByCamelcaseName(name);
    return field != nullptr ? field : type.FindFieldByName(name);
  }

  // Sets a singular field, or adds to a repeated one.
  static absl::Status ReadValue(const element& value, const FieldDescriptor& field,
                                Message& message, const Path& path) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return ReadString(value, field, message, path);
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!value.is_bool()) return Wrong(path.text(), "must be true or false");
        Put(message, field, value.get_bool().value_unsafe(), &Reflection::SetBool,
            &Reflection::AddBool);
        return absl::OkStatus();
      case FieldDescriptor::CPPTYPE_INT32:
        return ReadNumber<int32_t>(value, field, message, path, &Reflection::SetInt32,
                                   &Reflection::AddInt32);
      case FieldDescriptor::CPPTYPE_UINT32:
        return ReadNumber<uint32_t>(value, field, message, path, &Reflection::SetUInt32,
                                    &Reflection::AddUInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return ReadNumber<int64_t>(value, field, message, path, &Reflection::SetInt64,
                                   &Reflection::AddInt64);
      case FieldDescriptor::CPPTYPE_UINT64:
        return ReadNumber<uint64_t>(value, field, message, path, &Reflection::SetUInt64,
                                    &Reflection::AddUInt64);
      case FieldDescriptor::CPPTYPE_ENUM:
        return ReadEnum(value, field, message, path);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return ReadMessage(value, field, message, path);
      default:
        return ReadDouble(value, field, message, path);
    }
  }

 private:
  template <typename Value, typename Stored>
  static void Put(Message& message, const FieldDescriptor& field, Value value,
                  void (Reflection::*set)(Message*, const FieldDescriptor*, Stored) const,
                  void (Reflection::*add)(Message*, const FieldDescriptor*, Stored) const) {
    (message.GetReflection()->*(field.is_repeated() ? add : set))(&message, &field,
                                                                  std::move(value));
  }

  template <typename Integer>
  static absl::Status ReadNumber(const element& value, const FieldDescriptor& field,
                                 Message& message, const Path& path,
                                 void (Reflection::*set)(Message*, const FieldDescriptor*, Integer)
                                     const,
                                 void (Reflection::*add)(Message*, const FieldDescriptor*, Integer)
                                     const) {
    Integer number = 0;
    if (!IntegerOf(value, number)) return Wrong(path.text(), "must be a whole number that fits");
    Put(message, field, number, set, add);
    return absl::OkStatus();
  }

  static absl::Status ReadDouble(const element& value, const FieldDescriptor& field,
                                 Message& message, const Path& path) {
    double number = 0;
    const bool read = value.is_string() ? gateway::ReadDouble(Text(value), number)
                                        : value.get(number) == simdjson::SUCCESS;
    const bool is_float = field.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT;
    const bool fits = !is_float || !std::isfinite(number) ||
                      std::abs(number) <= std::numeric_limits<float>::max();
    if (!read || !fits) return Wrong(path.text(), "must be a number that fits");
    if (is_float) {
      Put(message, field, static_cast<float>(number), &Reflection::SetFloat, &Reflection::AddFloat);
    } else {
      Put(message, field, number, &Reflection::SetDouble, &Reflection::AddDouble);
    }
    return absl::OkStatus();
  }

  static absl::Status ReadString(const element& value, const FieldDescriptor& field,
                                 Message& message, const Path& path) {
    if (!value.is_string()) return Wrong(path.text(), "must be a string");
    std::string text = Text(value);
    if (field.type() == FieldDescriptor::TYPE_BYTES) {
      std::string bytes;
      if (!ReadBytes(text, bytes)) return Wrong(path.text(), "must be base64");
      text = std::move(bytes);
    }
    Put(message, field, std::move(text), &Reflection::SetString, &Reflection::AddString);
    return absl::OkStatus();
  }

  static absl::Status ReadEnum(const element& value, const FieldDescriptor& field, Message& message,
                               const Path& path) {
    const google::protobuf::EnumValueDescriptor* found = nullptr;
    int number = 0;
    if (value.is_string()) {
      found = field.enum_type()->FindValueByName(Text(value));
    } else if (IntegerOf(value, number)) {
      found = field.enum_type()->FindValueByNumber(number);
    }
    if (found == nullptr) return Wrong(path.text(), "is not one of the values that are known here");
    Put(message, field, found, &Reflection::SetEnum, &Reflection::AddEnum);
    return absl::OkStatus();
  }

  static absl::Status ReadMessage(const element& value, const FieldDescriptor& field,
                                  Message& message, const Path& path) {
    const Reflection& reflection = *message.GetReflection();
    Message& child = *(field.is_repeated() ? reflection.AddMessage(&message, &field)
                                           : reflection.MutableMessage(&message, &field));
    if (!IsTextual(*field.message_type())) return ReadObject(value, child, path);
    if (!value.is_string() || !ReadTextual(Text(value), child)) {
      return Wrong(path.text(), field.message_type()->name() == "Timestamp"
                                    ? "must be a time as RFC 3339 writes it"
                                : field.message_type()->name() == "Duration"
                                    ? "must be seconds, such as \"900s\""
                                    : "must be field names with commas between them");
    }
    return absl::OkStatus();
  }

  static absl::Status ReadField(const element& value, const FieldDescriptor& field,
                                Message& message, const Path& path) {
    if (field.is_map()) return ReadMap(value, field, message, path);
    if (!field.is_repeated()) return ReadValue(value, field, message, path);
    if (!value.is_array()) return Wrong(path.text(), "must be an array");
    size_t index = 0;
    const size_t limit = MaxItemsOf(field);
    const simdjson::dom::array array = value.get_array().value_unsafe();
    for (const element item : array) {
      if (index == limit) return Wrong(path.text(), TooMany(limit));
      const Path here{&path, absl::StrCat("[", index++, "]")};
      if (item.is_null()) return Wrong(here.text(), "must not be null");
      RETURN_IF_ERROR(ReadValue(item, field, message, here));
    }
    return absl::OkStatus();
  }

  // Maps have string keys here.
  static absl::Status ReadMap(const element& value, const FieldDescriptor& field, Message& message,
                              const Path& path) {
    if (!value.is_object()) return Wrong(path.text(), "must be an object");
    const FieldDescriptor& value_field = *field.message_type()->map_value();
    std::set<std::string> seen;
    const size_t limit = MaxItemsOf(field);
    const simdjson::dom::object object = value.get_object().value_unsafe();
    for (const auto [key, member] : object) {
      const std::string name(key);
      const Path here{&path, name};
      if (seen.size() == limit) return Wrong(path.text(), TooMany(limit));
      if (!seen.insert(name).second) return Wrong(here.text(), "comes twice");
      if (member.is_null()) return Wrong(here.text(), "must not be null");
      Message& entry = *message.GetReflection()->AddMessage(&message, &field);
      entry.GetReflection()->SetString(&entry, field.message_type()->map_key(), name);
      RETURN_IF_ERROR(ReadValue(member, value_field, entry, here));
    }
    return absl::OkStatus();
  }
};

absl::Status Malformed(simdjson::error_code error) {
  const char* what = error == simdjson::DEPTH_ERROR  ? "the JSON is nested too deeply"
                     : error == simdjson::CAPACITY   ? "the JSON is too large"
                     : error == simdjson::UTF8_ERROR ? "the JSON is not UTF-8"
                     : error == simdjson::NUMBER_ERROR
                         ? "the JSON has a number that is malformed or too large"
                         : "the body is not JSON";
  return Refuse(common::v1::INVALID_REQUEST, what);
}

simdjson::dom::parser& ThreadParser() {
  thread_local simdjson::dom::parser parser(kSizeMax);
  // The depth can be set only together with a capacity, which then grows to the maximum by itself.
  if (parser.max_depth() != kDepthMax) {
    const auto error = parser.allocate(kFirstCapacity, kDepthMax);
    if (error != simdjson::SUCCESS) throw std::bad_alloc();
  }
  return parser;
}

}  // namespace

absl::Status ReadJson(const std::string& json, Message& message) {
  element root;
  if (const auto error = ThreadParser().parse(json.data(), json.size()).get(root)) {
    return Malformed(error);
  }
  return Reader::ReadObject(root, message, Reader::Path());
}

absl::Status SetFromText(Message& message, const std::string& name, const std::string& text) {
  const FieldDescriptor* field = Reader::FindField(*message.GetDescriptor(), name);
  const bool is_message = field != nullptr && field->message_type() != nullptr;
  if (field == nullptr || field->is_map() || (is_message && !IsTextual(*field->message_type()))) {
    return Wrong(name, "is not a parameter that is known here");
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) return Wrong(name, "must be UTF-8");
  // As JSON, where everything but a bool may come as a string.
  std::string json = text;
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_BOOL) {
    json.clear();
    AppendJsonString(text, json);
  } else if (text != "true" && text != "false") {
    return Wrong(name, "must be true or false");
  }
  element value;
  if (const auto error = ThreadParser().parse(json.data(), json.size()).get(value)) {
    return Malformed(error);
  }
  const Reader::Path root, path{&root, name};
  return Reader::ReadValue(value, *field, message, path);
}

}  // namespace gatehouse::gateway
