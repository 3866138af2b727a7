#include "services/gateway/openapi/schemas.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/common/rpc/validate.h"
#include "services/gateway/openapi/events.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

const common::v1::FieldRule& RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(common::v1::field);
}

// `LinkState` of gatehouse.invitation.v1.Link.State
template <typename Type>
std::string ShortName(const Type& type) {
  const std::string name = type.full_name().substr(type.file()->package().size() + 1);
  return absl::StrReplaceAll(name, {{".", ""}});
}

// Lengths as the field's rule has them; a string without one has the general bound. One that need
// not be set is empty then, in a request and in an answer: what else is said of it holds where it
// is set.
Json Text(const FieldDescriptor& field) {
  const common::v1::FieldRule& rule = RuleOf(field);
  const bool set = rule.required() || field.is_repeated();
  const auto pattern = [&](const std::string& of) { return "^(" + of + (set ? ")$" : ")?$"); };
  Json schema = {{"type", "string"}};
  if (field.type() == FieldDescriptor::TYPE_BYTES) schema["contentEncoding"] = "base64";
  if (rule.max_length() > 0) schema["maxLength"] = rule.max_length();
  if (set) {
    if (rule.min_length() > 0) schema["minLength"] = rule.min_length();
    if (rule.format() == common::v1::EMAIL) schema["format"] = "email";
    if (rule.format() == common::v1::URL) schema["format"] = "uri";
  } else if (rule.min_length() > 0) {
    schema["pattern"] = pattern(absl::StrCat("[\\s\\S]{", rule.min_length(), ",}"));
  }
  if (!rule.pattern().empty()) schema["pattern"] = pattern(rule.pattern());
  if (rule.format() == common::v1::ID) schema["pattern"] = pattern("[A-Za-z0-9._-]{1,64}");
  return schema;
}

// ProtoJSON writes 64-bit integers as strings, and reads both.
Json Integer(const FieldDescriptor& field, bool in_request) {
  const bool wide = field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
                    field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
  if (wide && !in_request) return {{"type", "string"}, {"format", "int64"}};
  if (wide) return {{"type", {"string", "integer"}}, {"format", "int64"}};
  Json schema = {{"type", "integer"}, {"format", "int32"}};
  if (in_request && RuleOf(field).has_min()) schema["minimum"] = RuleOf(field).min();
  if (in_request && RuleOf(field).has_max()) schema["maximum"] = RuleOf(field).max();
  return schema;
}

}  // namespace

Json SchemaRef(const std::string& name) { return {{"$ref", "#/components/schemas/" + name}}; }

Schemas::Schemas(const RouteTable& routes, const Comments& comments) : comments_(comments) {
  std::map<std::string, std::set<std::string>> names;
  for (const auto& route : routes.routes()) {
    Visit(*route->rpc->input_type(), names);
    Visit(*route->rpc->output_type(), names);
  }
  for (const auto& [name, types] : names) {
    if (types.size() > 1) ambiguous_.insert(name);
  }
}

void Schemas::Visit(const Descriptor& type, std::map<std::string, std::set<std::string>>& names) {
  // JSON of whatever shape has no schema of its own.
  if (type.full_name() == "google.protobuf.Struct") return;
  if (!visited_.insert(type.full_name()).second) return;
  names[ShortName(type)].insert(type.full_name());
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.enum_type() != nullptr) {
      names[ShortName(*field.enum_type())].insert(field.enum_type()->full_name());
    }
    if (field.message_type() != nullptr) Visit(*field.message_type(), names);
  }
}

template <typename Type>
std::string Schemas::NameOf(const Type& type) const {
  const std::string name = ShortName(type);
  if (ambiguous_.count(name) == 0) return name;
  std::string service = std::vector<std::string>(absl::StrSplit(type.full_name(), '.'))[1];
  service[0] = absl::ascii_toupper(static_cast<unsigned char>(service[0]));
  return service + name;
}

Json Schemas::Message(const Descriptor& type, bool in_request) {
  if (type.full_name() == "google.protobuf.Timestamp") {
    return {{"type", "string"}, {"format", "date-time"}};
  }
  if (type.full_name() == "google.protobuf.Duration") {
    return {{"type", "string"}, {"pattern", "^-?[0-9]+(\\.[0-9]{1,9})?s$"}};
  }
  if (type.full_name() == "google.protobuf.FieldMask") return {{"type", "string"}};
  if (type.full_name() == "google.protobuf.Struct") {
    return {{"type", "object"}, {"additionalProperties", true}};
  }
  needed_[&type] = needed_[&type] || in_request;
  return SchemaRef(NameOf(type));
}

Json Schemas::Body(const Route& route) {
  if (!route.whole_body) return Message(*route.body_field->message_type(), true);
  paths_[route.rpc->input_type()] = route.path;
  return Message(*route.rpc->input_type(), true);
}

Json Schemas::Enum(const EnumDescriptor& type) {
  enums_.insert(&type);
  return SchemaRef(NameOf(type));
}

Json Schemas::Object(const Descriptor& type, bool in_request, const std::string& path) {
  Json schema;
  schema["type"] = "object";
  schema["description"] = comments_.Of(type);
  Json required = Json::array();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const common::v1::FieldRule& rule = RuleOf(field);
    const bool elsewhere = rule.cookie() || !rule.header().empty() ||
                           absl::StrContains(path, "{" + field.name() + "}");
    if (elsewhere) continue;
    schema["properties"][field.json_name()] = Field(field, in_request);
    const bool always = in_request ? rule.required() : !field.has_presence() || rule.always();
    if (always) required.push_back(field.json_name());
  }
  if (!required.empty()) schema["required"] = required;
  return schema;
}

Json Schemas::Field(const FieldDescriptor& field, bool in_request) {
  Json schema;
  if (field.is_map()) {
    schema["type"] = "object";
    schema["additionalProperties"] = Value(*field.message_type()->map_value(), in_request);
  } else if (field.is_repeated()) {
    schema["type"] = "array";
    schema["items"] = Value(field, in_request);
    if (in_request) schema["maxItems"] = MaxItemsOf(field);
    if (in_request && RuleOf(field).required()) schema["minItems"] = 1;
  } else {
    schema = Value(field, in_request);
  }
  const std::string comment = comments_.Of(field);
  if (!comment.empty()) schema["description"] = comment;
  return schema;
}

Json Schemas::Value(const FieldDescriptor& field, bool in_request) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return Integer(field, in_request);
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return {{"type", "number"}};
    case FieldDescriptor::CPPTYPE_ENUM:
      return Enum(*field.enum_type());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Message(*field.message_type(), in_request);
    default:
      // The contract calls nothing else so: what a credential may do (openapi.cpp has the schema).
      return field.name() == "scopes" ? SchemaRef("Scope") : Text(field);
  }
}

bool Schemas::IsSent(const google::protobuf::EnumValueDescriptor& value) const {
  return value.number() != 0 || !absl::StartsWith(comments_.Of(value), "Never sent");
}

Json Schemas::EnumSchema(const EnumDescriptor& type) const {
  Json schema = {{"type", "string"}};
  std::string description = comments_.Of(type);
  for (int i = 0; i < type.value_count(); ++i) {
    if (!IsSent(*type.value(i))) continue;
    schema["enum"].push_back(type.value(i)->name());
    absl::StrAppend(&description, "\n- `", type.value(i)->name(),
                    "`: ", comments_.Of(*type.value(i)));
  }
  schema["description"] = description;
  return schema;
}

Json Schemas::All() {
  // Describing a message may bring up others, or that one is in a request after all.
  for (std::map<const Descriptor*, bool> before; before != needed_;) {
    before = needed_;
    for (const auto& [type, in_request] : before) Object(*type, in_request, paths_[type]);
  }
  std::map<std::string, Json> sorted;
  for (const auto& [type, in_request] : needed_) {
    Json schema = Object(*type, in_request, paths_[type]);
    if (const FieldDescriptor* facts = FactsField(*type)) {
      AddEventSchemas(NameOf(*type), *facts, schema, comments_, sorted);
    } else {
      sorted[NameOf(*type)] = std::move(schema);
    }
  }
  for (const EnumDescriptor* type : enums_) sorted[NameOf(*type)] = EnumSchema(*type);
  Json schemas = Json::object();
  for (auto& [name, schema] : sorted) schemas[name] = std::move(schema);
  return schemas;
}

}  // namespace gatehouse::gateway
