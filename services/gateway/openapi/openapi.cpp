#include "services/gateway/openapi/openapi.h"

#include <google/protobuf/descriptor.pb.h>

#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/options.pb.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::ordered_json;

const common::v1::FieldRule& RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(common::v1::field);
}

ordered_json Ref(const std::string& name) { return {{"$ref", "#/components/schemas/" + name}}; }

// Writes the document; collects the messages that it needs on the way.
class Writer {
 public:
  Writer(const RouteTable& routes, const std::string& image) : routes_(routes) {
    google::protobuf::FileDescriptorSet files;
    files.ParseFromString(image);
    // In the order of their imports, as protoc writes them.
    for (const auto& file : files.file()) pool_.BuildFile(file);
  }

  std::string Write() {
    ordered_json document;
    document["openapi"] = "3.1.0";
    document["info"] = {{"title", "Gatehouse"},
                        {"version", "1.0.0"},
                        {"description",
                         "The access side of a client portal: staff invite the clients of a case, "
                         "each enters by a personal link and a code sent by SMS."},
                        {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}};
    document["servers"] = ordered_json::array({{{"url", "/"}}});
    document["tags"] = ordered_json::array();
    std::set<const google::protobuf::ServiceDescriptor*> tagged;
    for (const auto& route : routes_.routes()) {
      if (tagged.insert(route->rpc->service()).second) {
        document["tags"].push_back({{"name", route->rpc->service()->name()},
                                    {"description", Comment(*route->rpc->service())}});
      }
      document["paths"][PathOf(*route)][absl::AsciiStrToLower(route->verb)] = Operation(*route);
    }
    document["components"]["schemas"] = Schemas();
    document["components"]["securitySchemes"] = {
        {"bearer",
         {{"type", "http"},
          {"scheme", "bearer"},
          {"description", "An operator key, an API key or a staff token."}}},
        {"session",
         {{"type", "apiKey"},
          {"in", "cookie"},
          {"name", "__Host-gatehouse"},
          {"description", "Set by signIn:verify; `gatehouse` over plain HTTP."}}}};
    return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  }

 private:
  // What stands above an element in its proto.
  template <typename Element>
  std::string Comment(const Element& element) {
    google::protobuf::SourceLocation location;
    const auto* file = pool_.FindFileContainingSymbol(element.full_name());
    if (file == nullptr) return "";
    return CommentAt(Locate(element, location) ? location.leading_comments : "");
  }
  static std::string CommentAt(const std::string& text) {
    std::vector<std::string> lines = absl::StrSplit(text, '\n');
    for (std::string& line : lines) line = std::string(absl::StripAsciiWhitespace(line));
    return std::string(absl::StripAsciiWhitespace(absl::StrJoin(lines, "\n")));
  }
  bool Locate(const google::protobuf::ServiceDescriptor& e, google::protobuf::SourceLocation& at) {
    const auto* found = pool_.FindServiceByName(e.full_name());
    return found != nullptr && found->GetSourceLocation(&at);
  }
  bool Locate(const google::protobuf::MethodDescriptor& e, google::protobuf::SourceLocation& at) {
    const auto* found = pool_.FindMethodByName(e.full_name());
    return found != nullptr && found->GetSourceLocation(&at);
  }
  bool Locate(const Descriptor& e, google::protobuf::SourceLocation& at) {
    const auto* found = pool_.FindMessageTypeByName(e.full_name());
    return found != nullptr && found->GetSourceLocation(&at);
  }
  bool Locate(const EnumDescriptor& e, google::protobuf::SourceLocation& at) {
    const auto* found = pool_.FindEnumTypeByName(e.full_name());
    return found != nullptr && found->GetSourceLocation(&at);
  }
  bool Locate(const FieldDescriptor& e, google::protobuf::SourceLocation& at) {
    const auto* found = pool_.FindFieldByName(e.full_name());
    return found != nullptr && found->GetSourceLocation(&at);
  }
  bool Locate(const google::protobuf::EnumValueDescriptor& e,
              google::protobuf::SourceLocation& at) {
    const auto* type = pool_.FindEnumTypeByName(e.type()->full_name());
    const auto* found = type == nullptr ? nullptr : type->FindValueByName(e.name());
    return found != nullptr && found->GetSourceLocation(&at);
  }

  // {case_id} → {caseId}
  static std::string PathOf(const Route& route) {
    std::string path = route.path;
    const Descriptor& input = *route.rpc->input_type();
    for (int i = 0; i < input.field_count(); ++i) {
      path = absl::StrReplaceAll(
          path, {{"{" + input.field(i)->name() + "}", "{" + input.field(i)->json_name() + "}"}});
    }
    return path;
  }

  ordered_json Operation(const Route& route) {
    const std::string comment = Comment(*route.rpc);
    ordered_json operation;
    operation["operationId"] = absl::StrCat(route.rpc->service()->name(), "_", route.rpc->name());
    operation["tags"] = {route.rpc->service()->name()};
    operation["summary"] = comment.substr(0, comment.find(". ")).substr(0, comment.find(".\n"));
    operation["description"] = comment;
    if (route.rules->audience.count(common::v1::ANYONE) != 0) {
      operation["security"] = ordered_json::array();
    } else {
      operation["security"] =
          ordered_json::array({{{route.portal ? "session" : "bearer", ordered_json::array()}}});
    }
    if (!route.rules->scope.empty()) operation["x-gatehouse-scope"] = route.rules->scope;
    const ordered_json parameters = Parameters(route);
    if (!parameters.empty()) operation["parameters"] = parameters;
    if (route.rpc->client_streaming()) {
      operation["requestBody"] = {
          {"required", true},
          {"content", {{"*/*", {{"schema", {{"type", "string"}, {"format", "binary"}}}}}}}};
    } else if (route.has_body()) {
      const Descriptor& type =
          route.whole_body ? *route.rpc->input_type() : *route.body_field->message_type();
      // What the path names need not be in the body.
      operation["requestBody"] = {
          {"required", route.portal},
          {"content", {{"application/json", {{"schema", Body(route, type)}}}}}};
    }
    operation["responses"] = Responses(route);
    return operation;
  }

  // A request's schema leaves out what its path says.
  ordered_json Body(const Route& route, const Descriptor& type) {
    if (route.whole_body) paths_[&type] = route.path;
    return RefOf(type, true);
  }

  ordered_json Responses(const Route& route) {
    ordered_json responses;
    ordered_json& ok = responses["200"];
    ok["description"] = "Done.";
    if (route.rpc->server_streaming()) {
      ok["description"] = "The bytes.";
      ok["content"]["*/*"]["schema"] = {{"type", "string"}, {"format", "binary"}};
      responses["206"] = ok;
      responses["206"]["description"] = "The part that Range asked for.";
    } else {
      ok["content"]["application/json"]["schema"] = RefOf(*route.rpc->output_type(), false);
    }
    const ordered_json problem = {
        {"content", {{"application/problem+json", {{"schema", Ref("Problem")}}}}}};
    responses["4XX"] = {{"description", "Refused: see `reason`."}};
    responses["4XX"].update(problem);
    responses["5XX"] = {{"description", "A fault, or a service that is away."}};
    responses["5XX"].update(problem);
    return responses;
  }

  ordered_json Parameters(const Route& route) {
    ordered_json parameters = ordered_json::array();
    const Descriptor& input = *route.rpc->input_type();
    for (int i = 0; i < input.field_count(); ++i) {
      const FieldDescriptor& field = *input.field(i);
      const bool in_path = absl::StrContains(route.path, "{" + field.name() + "}");
      const std::string& header = RuleOf(field).header();
      if (!in_path &&
          (route.whole_body || &field == route.body_field || &field == route.bytes_field)) {
        continue;
      }
      // OpenAPI keeps these two to itself.
      if (header == "Content-Type" || header == "Content-Length") continue;
      ordered_json parameter;
      parameter["name"] = header.empty() ? field.json_name() : header;
      parameter["in"] = in_path ? "path" : header.empty() ? "query" : "header";
      parameter["required"] = in_path || (header.empty() && RuleOf(field).required());
      parameter["description"] = Comment(field);
      parameter["schema"] = Field(field, true);
      parameter["schema"].erase("description");
      parameters.push_back(std::move(parameter));
    }
    return parameters;
  }

  // A message by reference. Those of requests and of answers differ in what is always there.
  ordered_json RefOf(const Descriptor& type, bool in_request) {
    needed_[&type] = needed_[&type] || in_request;
    return Ref(NameOf(type));
  }
  static std::string NameOf(const google::protobuf::Descriptor& type) {
    const std::string name = type.full_name().substr(type.file()->package().size() + 1);
    return absl::StrReplaceAll(name, {{".", ""}});
  }
  static std::string NameOf(const EnumDescriptor& type) {
    const std::string name = type.full_name().substr(type.file()->package().size() + 1);
    return absl::StrReplaceAll(name, {{".", ""}});
  }

  ordered_json Object(const Descriptor& type, bool in_request, const std::string& path) {
    ordered_json schema;
    schema["type"] = "object";
    schema["description"] = Comment(type);
    ordered_json required = ordered_json::array();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (RuleOf(field).cookie() || absl::StrContains(path, "{" + field.name() + "}")) continue;
      schema["properties"][field.json_name()] = Field(field, in_request);
      const bool always = in_request ? RuleOf(field).required() : !field.has_presence();
      if (always) required.push_back(field.json_name());
    }
    if (!required.empty()) schema["required"] = required;
    return schema;
  }

  ordered_json Field(const FieldDescriptor& field, bool in_request) {
    ordered_json schema;
    if (field.is_map()) {
      schema["type"] = "object";
      schema["additionalProperties"] = Value(*field.message_type()->map_value(), in_request);
    } else if (field.is_repeated()) {
      schema["type"] = "array";
      schema["items"] = Value(field, in_request);
      if (RuleOf(field).max_items() > 0) schema["maxItems"] = RuleOf(field).max_items();
    } else {
      schema = Value(field, in_request);
    }
    const std::string comment = Comment(field);
    if (!comment.empty()) schema["description"] = comment;
    return schema;
  }

  ordered_json Value(const FieldDescriptor& field, bool in_request) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return {{"type", "boolean"}};
      case FieldDescriptor::CPPTYPE_INT32:
      case FieldDescriptor::CPPTYPE_UINT32:
        return {{"type", "integer"}, {"format", "int32"}};
      case FieldDescriptor::CPPTYPE_INT64:
      case FieldDescriptor::CPPTYPE_UINT64:
        // ProtoJSON writes 64-bit integers as strings, and reads both.
        if (in_request) return {{"type", {"string", "integer"}}, {"format", "int64"}};
        return {{"type", "string"}, {"format", "int64"}};
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT:
        return {{"type", "number"}};
      case FieldDescriptor::CPPTYPE_ENUM:
        enums_.insert(field.enum_type());
        return Ref(NameOf(*field.enum_type()));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return MessageValue(*field.message_type(), in_request);
      default:
        return Text(field);
    }
  }

  ordered_json MessageValue(const Descriptor& type, bool in_request) {
    if (type.full_name() == "google.protobuf.Timestamp") {
      return {{"type", "string"}, {"format", "date-time"}};
    }
    if (type.full_name() == "google.protobuf.Duration") {
      return {{"type", "string"}, {"pattern", "^-?[0-9]+(\\.[0-9]{1,9})?s$"}};
    }
    if (type.full_name() == "google.protobuf.FieldMask") return {{"type", "string"}};
    return RefOf(type, in_request);
  }

  static ordered_json Text(const FieldDescriptor& field) {
    const common::v1::FieldRule& rule = RuleOf(field);
    ordered_json schema = {{"type", "string"}};
    if (field.type() == FieldDescriptor::TYPE_BYTES) schema["contentEncoding"] = "base64";
    if (rule.max_length() > 0) schema["maxLength"] = rule.max_length();
    if (!rule.pattern().empty()) schema["pattern"] = absl::StrCat("^(", rule.pattern(), ")$");
    if (rule.format() == common::v1::EMAIL) schema["format"] = "email";
    if (rule.format() == common::v1::URL) schema["format"] = "uri";
    if (rule.format() == common::v1::ID) schema["pattern"] = "^[A-Za-z0-9._-]{1,64}$";
    return schema;
  }

  ordered_json Enum(const EnumDescriptor& type) {
    ordered_json schema = {{"type", "string"}};
    std::string description = Comment(type);
    for (int i = 0; i < type.value_count(); ++i) {
      schema["enum"].push_back(type.value(i)->name());
      absl::StrAppend(&description, "\n- `", type.value(i)->name(), "`: ", Comment(*type.value(i)));
    }
    schema["description"] = description;
    return schema;
  }

  // Describing a message may bring up others.
  ordered_json Schemas() {
    ordered_json schemas;
    std::set<const Descriptor*> done;
    for (bool more = true; more;) {
      more = false;
      const auto needed = needed_;
      for (const auto& [type, in_request] : needed) {
        if (!done.insert(type).second) continue;
        more = true;
        schemas[NameOf(*type)] = Object(*type, in_request, paths_[type]);
      }
    }
    for (const EnumDescriptor* type : enums_) schemas[NameOf(*type)] = Enum(*type);
    schemas["Problem"] = ProblemSchema();
    return schemas;
  }

  static ordered_json ProblemSchema() {
    const ordered_json text = {{"type", "string"}};
    return {
        {"type", "object"},
        {"description", "RFC 9457. Facts of a reason, such as `attemptsLeft`, are members."},
        {"required", {"type", "title", "status", "detail", "request_id"}},
        {"properties",
         {{"type", text},
          {"title", text},
          {"status", {{"type", "integer"}}},
          {"detail", text},
          {"instance", text},
          {"reason", text},
          {"request_id", text},
          {"retry_after", {{"type", "integer"}}},
          {"attemptsLeft", {{"type", "integer"}}},
          {"violations",
           {{"type", "array"},
            {"items",
             {{"type", "object"},
              {"properties",
               {{"type", text}, {"subject", text}, {"field", text}, {"description", text}}}}}}}}}};
  }

  const RouteTable& routes_;
  google::protobuf::DescriptorPool pool_;
  std::map<const Descriptor*, bool> needed_;        // Whether a request has it.
  std::map<const Descriptor*, std::string> paths_;  // Of the route whose body it is.
  std::set<const EnumDescriptor*> enums_;
};

}  // namespace

std::string OpenApi(const RouteTable& routes, const std::string& image) {
  return Writer(routes, image).Write();
}

}  // namespace gatehouse::gateway
