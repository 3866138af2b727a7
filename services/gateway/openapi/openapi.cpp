#include "services/gateway/openapi/openapi.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/gateway/openapi/comments.h"
#include "services/gateway/openapi/examples.h"
#include "services/gateway/openapi/problems.h"
#include "services/gateway/openapi/schemas.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

const common::v1::FieldRule& RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(common::v1::field);
}

bool InPath(const Route& route, const FieldDescriptor& field) {
  return absl::StrContains(route.path, "{" + field.name() + "}");
}

// {case_id} → {caseId}
std::string PathOf(const Route& route) {
  std::string path = route.path;
  const Descriptor& input = *route.rpc->input_type();
  for (int i = 0; i < input.field_count(); ++i) {
    path = absl::StrReplaceAll(
        path, {{"{" + input.field(i)->name() + "}", "{" + input.field(i)->json_name() + "}"}});
  }
  return path;
}

// A browser's form could send an empty body: a portal's must say that it is JSON. Elsewhere a body
// may be left out where nothing in it is required.
bool BodyIsRequired(const Route& route) {
  if (route.portal) return true;
  if (route.request_bytes != nullptr) return false;
  if (!route.whole_body) return RuleOf(*route.body_field).required();
  const Descriptor& type = *route.rpc->input_type();
  for (int i = 0; i < type.field_count(); ++i) {
    if (RuleOf(*type.field(i)).required() && !InPath(route, *type.field(i))) return true;
  }
  return false;
}

Json Binary() { return {{"schema", {{"type", "string"}, {"format", "binary"}}}}; }

// Writes the document; collects the schemas that it needs on the way.
class Writer {
 public:
  Writer(const RouteTable& routes, const std::string& image)
      : routes_(routes),
        comments_(image),
        schemas_(routes, comments_),
        problems_(schemas_, comments_) {}

  std::string Write() {
    Json document;
    document["openapi"] = "3.1.0";
    document["info"] = {{"title", "Gatehouse"},
                        {"version", "1.0.0"},
                        {"description",
                         "The access side of a client portal: staff invite the clients of a case, "
                         "each enters by a personal link and a code sent by SMS.\n\nWhat is no "
                         "request that is well formed is answered 400, 431 or 505 "
                         "(`INVALID_REQUEST`), what names no operation 404 (`NOT_FOUND`) or 405 "
                         "(`METHOD_NOT_ALLOWED`), each by a Problem; no operation declares these."},
                        {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}};
    document["servers"] = Json::array({{{"url", "/"}}});
    document["tags"] = Json::array();
    std::set<const google::protobuf::ServiceDescriptor*> tagged;
    for (const auto& route : routes_.routes()) {
      if (tagged.insert(route->rpc->service()).second) {
        document["tags"].push_back({{"name", route->rpc->service()->name()},
                                    {"description", comments_.Of(*route->rpc->service())}});
      }
      document["paths"][PathOf(*route)][absl::AsciiStrToLower(route->verb)] = Operation(*route);
    }
    Json problems = problems_.All();
    document["components"]["schemas"] = schemas_.All();
    document["components"]["schemas"]["Scope"] = ScopeSchema();
    document["components"]["schemas"].update(problems);
    document["components"]["examples"] = problems_.AllExamples();
    document["components"]["securitySchemes"] = SecuritySchemes();
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

 private:
  Json Operation(const Route& route) {
    const std::string comment = comments_.Of(*route.rpc);
    Json operation;
    operation["operationId"] = absl::StrCat(route.rpc->service()->name(), "_", route.rpc->name());
    operation["tags"] = {route.rpc->service()->name()};
    operation["summary"] = comment.substr(0, comment.find(". ")).substr(0, comment.find(".\n"));
    operation["description"] = comment;
    operation["security"] = Security(route);
    const Json parameters = Parameters(route);
    if (!parameters.empty()) operation["parameters"] = parameters;
    if (route.rpc->client_streaming()) {
      operation["requestBody"] = {{"required", true}, {"content", {{"*/*", Binary()}}}};
    } else if (route.request_bytes != nullptr) {
      operation["requestBody"] = {{"required", false}, {"content", {{"*/*", Binary()}}}};
    } else if (route.has_body()) {
      operation["requestBody"] = {
          {"required", BodyIsRequired(route)},
          {"content",
           {{"application/json",
             {{"schema", schemas_.Body(route)}, {"example", RequestExample(route)}}}}}};
    }
    operation["responses"] = Json::object();
    AddSuccess(route, operation["responses"]);
    problems_.AddResponses(route, operation["responses"]);
    return operation;
  }

  // OpenAPI 3.1 lets any scheme name the roles that it must hold: a scope, here.
  static Json Security(const Route& route) {
    if (route.rules->audience.count(common::v1::ANYONE) != 0) return Json::array();
    Json scopes = Json::array();
    if (!route.rules->scope.empty()) scopes.push_back(route.rules->scope);
    return Json::array({{{route.portal ? "session" : "bearer", scopes}}});
  }

  void AddSuccess(const Route& route, Json& responses) {
    const Descriptor& type = *route.rpc->output_type();
    Json ok = {{"description", "Done."}};
    ok["headers"] = SuccessHeaders(type);
    if (route.event_field != nullptr) {
      ok["description"] = "Server-Sent Events.";
      ok["content"]["text/event-stream"] = Events(route);
      responses["200"] = ok;
      return;
    }
    if (route.rpc->server_streaming()) {
      ok["description"] = "The bytes.";
      ok["content"]["*/*"] = Binary();
      responses["200"] = ok;
      responses["206"] = ok;
      responses["206"]["description"] = "The part that Range asked for.";
      responses["304"] = {{"description", "If-None-Match names what is there."}};
      return;
    }
    if (route.response_bytes != nullptr) {
      ok["content"]["*/*"] = Binary();
    } else if (route.rules->success_status != 204) {
      ok["content"]["application/json"] = {{"schema", schemas_.Message(type, false)},
                                           {"example", ExampleOf(type)}};
    }
    responses[std::to_string(route.rules->success_status)] = ok;
    if (route.verb == "GET" && ok["headers"].contains("ETag")) {
      responses["304"] = {{"description", "If-None-Match names what is there."}};
    }
  }

  static Json Events(const Route& route) {
    const Descriptor& event = *route.event_field->message_type();
    const std::string data = ExampleOf(event).dump();
    return {{"schema",
             {{"type", "string"},
              {"description", absl::StrCat("`data` is JSON of the schema ", event.name(), ".")}}},
            {"example", absl::StrCat("id: MQ\ndata: ", data, "\n\n")}};
  }

  Json SuccessHeaders(const Descriptor& type) {
    Json headers;
    headers["X-Request-Id"] = {{"description", "The request's id."},
                               {"schema", {{"type", "string"}}}};
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const std::string name = RuleOf(field).cookie() ? "Set-Cookie" : RuleOf(field).header();
      // OpenAPI keeps the one to itself, and the other is a request's.
      if (name.empty() || name == "Content-Type" || name == "Last-Event-ID") continue;
      headers[name] = {{"description", comments_.Of(field)}, {"schema", {{"type", "string"}}}};
    }
    return headers;
  }

  Json Parameters(const Route& route) {
    Json parameters = Json::array();
    const Descriptor& input = *route.rpc->input_type();
    for (int i = 0; i < input.field_count(); ++i) {
      const FieldDescriptor& field = *input.field(i);
      const bool in_path = InPath(route, field);
      const std::string& header = RuleOf(field).header();
      const bool in_body = route.whole_body && header.empty();
      if (!in_path && (in_body || &field == route.body_field || &field == route.bytes_field ||
                       &field == route.request_bytes)) {
        continue;
      }
      // OpenAPI keeps these to itself.
      if (header == "Content-Type" || header == "Content-Length" || header == ":method") continue;
      Json parameter;
      parameter["name"] = header.empty() ? field.json_name() : header;
      parameter["in"] = in_path ? "path" : header.empty() ? "query" : "header";
      parameter["required"] = in_path || (header.empty() && RuleOf(field).required());
      parameter["description"] = comments_.Of(field);
      parameter["schema"] = schemas_.Field(field, true);
      parameter["schema"].erase("description");
      parameters.push_back(std::move(parameter));
    }
    if (input.FindFieldByName("request_id") != nullptr) {
      parameters.push_back({{"name", "Idempotency-Key"},
                            {"in", "header"},
                            {"required", false},
                            {"description", "The same as `requestId`: give one of them."},
                            {"schema", {{"type", "string"}, {"maxLength", 100}}}});
    }
    return parameters;
  }

  static Json RequestExample(const Route& route) {
    if (!route.whole_body) return ExampleOf(*route.body_field->message_type());
    Json example = ExampleOf(*route.rpc->input_type());
    for (int i = 0; i < route.rpc->input_type()->field_count(); ++i) {
      const FieldDescriptor& field = *route.rpc->input_type()->field(i);
      if (InPath(route, field)) example.erase(field.json_name());
    }
    return example;
  }

  static Json ScopeSchema() {
    Json scopes = Json::array();
    for (const std::string& scope : AllScopes()) scopes.push_back(scope);
    return {{"type", "string"},
            {"description", "What a credential may do; `*` is everything."},
            {"enum", scopes}};
  }

  static Json SecuritySchemes() {
    return {{"bearer",
             {{"type", "http"},
              {"scheme", "bearer"},
              {"description",
               "An operator key, or an API key or staff token that holds the scope that the "
               "operation names; see the schema Scope."}}},
            {"session",
             {{"type", "apiKey"},
              {"in", "cookie"},
              {"name", "__Host-gatehouse"},
              {"description", "Set by signIn:verify; `gatehouse` over plain HTTP."}}}};
  }

  const RouteTable& routes_;
  const Comments comments_;
  Schemas schemas_;
  Problems problems_;
};

}  // namespace

std::string OpenApi(const RouteTable& routes, const std::string& image) {
  return Writer(routes, image).Write();
}

}  // namespace gatehouse::gateway
