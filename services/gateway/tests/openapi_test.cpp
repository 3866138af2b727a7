#include "services/gateway/openapi/openapi.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/status.pb.h"
#include "raw.pb.h"
#include "services/common/base/status.h"
#include "services/common/rpc/validate.h"
#include "services/gateway/json/json_reader.h"

namespace gatehouse::gateway {
namespace {

using nlohmann::json;

struct Document {
  RouteTable routes = *RouteTable::Of(AllServices());
  json all = json::parse(OpenApi(routes, ProtoImage()));

  json Operation(const std::string& path, const std::string& verb) const {
    return all["paths"][path][verb];
  }
  json Schema(const std::string& name) const { return all["components"]["schemas"][name]; }
  // Those of an answer with this status, by the names of their schemas.
  std::set<std::string> Reasons(const std::string& path, const std::string& verb,
                                const std::string& status) const {
    const json schema =
        Operation(path, verb)["responses"][status]["content"]["application/problem+json"]["schema"];
    std::set<std::string> reasons;
    const json several = schema.value("anyOf", schema.value("oneOf", json::array()));
    for (const json& one : several.empty() ? json::array({schema}) : several) {
      const std::string name = one.value("$ref", "").substr(21);
      for (const json& part : Schema(name).value("allOf", json::array())) {
        if (part.contains("properties")) reasons.insert(part["properties"]["reason"]["enum"][0]);
      }
    }
    return reasons;
  }
};

const Document& TheDocument() {
  static const Document& document = *new Document;
  return document;
}

// Every "$ref" to a schema within, by its name.
void CollectRefs(const json& value, std::set<std::string>& names) {
  if (value.is_object() && value.contains("$ref")) {
    const std::string ref = value["$ref"];
    if (absl::StartsWith(ref, "#/components/schemas/")) names.insert(ref.substr(21));
  }
  for (const auto& item : value) {
    if (item.is_structured()) CollectRefs(item, names);
  }
}

TEST_CASE("the OpenAPI document has every route, with the proto's own words", "[unit]") {
  const Document& document = TheDocument();
  size_t operations = 0;
  for (const auto& [path, verbs] : document.all["paths"].items()) operations += verbs.size();
  CHECK(operations == document.routes.routes().size());
  const json put = document.Operation("/v1/cases/{caseId}", "put");
  CHECK(absl::StartsWith(put["description"].get<std::string>(), "Creates or replaces"));
  // Where tests/openapi has it from without a gateway.
  if (const char* path = std::getenv("GATEHOUSE_OPENAPI_FILE")) {
    std::ofstream(path) << document.all;
  }
  CHECK_FALSE(document.Schema("VerifySignInResponse")["properties"].contains("sessionToken"));
}

TEST_CASE("every schema that is referred to is there, and every one that is there is used",
          "[unit]") {
  std::set<std::string> referred, defined;
  CollectRefs(TheDocument().all, referred);
  for (const auto& [name, schema] : TheDocument().all["components"]["schemas"].items()) {
    defined.insert(name);
  }
  CHECK(referred == defined);
}

TEST_CASE("a body is required where one of its fields is, and wherever a browser sends it",
          "[unit]") {
  const Document& document = TheDocument();
  const std::vector<std::tuple<const char*, const char*, bool>> expected = {
      {"/v1/organisations", "post", true},
      {"/v1/cases/{caseId}", "put", true},
      {"/v1/cases/{caseId}/invitations", "post", true},
      {"/v1/smsCredits:purchase", "post", true},
      {"/v1/portal/signIn:verify", "post", true},
      {"/v1/invitationPolicy", "patch", true},
      {"/v1/cases/{caseId}/invitations/{invitationId}:revoke", "post", false},
      {"/v1/cases/{caseId}/invitations/{invitationId}:resend", "post", false}};
  for (const auto& [path, verb, required] : expected) {
    INFO(path);
    CHECK(document.Operation(path, verb)["requestBody"]["required"] == required);
  }
}

TEST_CASE("an operation has its exact statuses, and for each the reasons", "[unit]") {
  const Document& document = TheDocument();
  for (const auto& [path, verbs] : document.all["paths"].items()) {
    for (const auto& [verb, operation] : verbs.items()) {
      INFO(verb << " " << path);
      CHECK_FALSE(operation["responses"].contains("4XX"));
      CHECK_FALSE(operation["responses"].contains("5XX"));
      for (const char* status : {"400", "429", "500", "503", "504"}) {
        CHECK(operation["responses"].contains(status));
      }
      // Who needs no credential may be refused for another reason, such as a wrong code.
      if (!operation["security"].empty()) CHECK(operation["responses"].contains("401"));
    }
  }
  using Names = std::set<std::string>;
  CHECK(document.Reasons("/v1/cases/{caseId}", "put", "409") == Names{"ETAG_MISMATCH"});
  CHECK(document.Reasons("/v1/cases/{caseId}", "put", "415") ==
        Names{"CONTENT_ENCODING_NOT_SUPPORTED", "NOT_JSON"});
  CHECK(document.Reasons("/v1/cases", "get", "403") == Names{"SCOPE_MISSING", "WRONG_AUDIENCE"});
  CHECK(document.Reasons("/v1/cases", "get", "400") ==
        Names{"INVALID_REQUEST", "PAGE_TOKEN_INVALID"});
  CHECK(document.Reasons("/v1/portal/signIn:verify", "post", "401") ==
        Names{"CODE_WRONG", "PASSWORD_WRONG"});
  CHECK(document.Reasons("/v1/cases/{caseId}/documents/{documentId}/content", "get", "416") ==
        Names{"RANGE_NOT_SATISFIABLE"});
}

TEST_CASE("the problem of a reason says which facts come with it", "[unit]") {
  const json wrong = TheDocument().Schema("CodeWrongProblem")["allOf"][1];
  CHECK(wrong["required"] == json{"reason", "attemptsLeft"});
  CHECK(wrong["properties"]["reason"]["enum"] == json{"CODE_WRONG"});
  CHECK(wrong["properties"]["attemptsLeft"]["type"] == "integer");
  const json refused = TheDocument().Schema("InvitationNotAllowedProblem")["allOf"][1];
  CHECK(refused["properties"]["violations"]["items"]["properties"]["type"]["$ref"] ==
        "#/components/schemas/Condition");
  const json conditions = TheDocument().Schema("Condition")["enum"];
  CHECK(std::find(conditions.begin(), conditions.end(), "ROLE_NOT_ELIGIBLE") != conditions.end());
}

TEST_CASE("the example of a problem is one that the gateway could answer", "[unit]") {
  for (const auto& [name, schema] : TheDocument().all["components"]["schemas"].items()) {
    if (!schema.contains("allOf")) continue;
    INFO(name);
    const std::string reason = schema["allOf"][1]["properties"]["reason"]["enum"][0];
    const json example = TheDocument().all["components"]["examples"][reason]["value"];
    for (const json& member : schema["allOf"][1]["required"]) {
      CHECK(example.contains(member.get<std::string>()));
    }
    CHECK(example["reason"] == reason);
    CHECK(example["status"].get<int>() >= 400);
    CHECK_FALSE(example["detail"].get<std::string>().empty());
  }
}

TEST_CASE("each refusal of an operation has an example, which has its status", "[unit]") {
  const json& all = TheDocument().all;
  const std::string folder = "#/components/examples/";
  std::set<std::string> of_no_reason;
  for (const auto& [path, item] : all["paths"].items()) {
    for (const auto& [verb, operation] : item.items()) {
      if (!operation.is_object()) continue;
      for (const auto& [status, response] : operation["responses"].items()) {
        if (status[0] < '4') continue;
        INFO(path << " " << verb << " " << status);
        const json& examples = response["content"]["application/problem+json"]["examples"];
        std::set<std::string> reasons;
        for (const auto& [name, example] : examples.items()) {
          REQUIRE(example["$ref"] == folder + name);
          const json& body = all["components"]["examples"][name]["value"];
          CHECK(std::to_string(body["status"].get<int>()) == status);
          (body.contains("reason") ? reasons : of_no_reason).insert(name);
        }
        CHECK(reasons == TheDocument().Reasons(path, verb, status));
      }
    }
  }
  CHECK(of_no_reason == std::set<std::string>{"500", "503", "504"});
  CHECK(all["paths"]["/v1/portal/signIn:verify"]["post"]["responses"]["401"]["content"]
           ["application/problem+json"]["examples"]
               .contains("CODE_WRONG"));
}

TEST_CASE("a value that is never sent is no value, and one that is, is", "[unit]") {
  CHECK(TheDocument().Schema("InvitationState")["enum"] ==
        json{"PENDING", "ACCEPTED", "EXPIRED", "REVOKED"});
  CHECK(TheDocument().Schema("ContactType")["enum"][0] == "CONTACT_TYPE_UNSPECIFIED");
}

TEST_CASE("a time that is always there is required", "[unit]") {
  const auto requires_field = [](const char* schema, const char* field) {
    const json required = TheDocument().Schema(schema)["required"];
    return std::find(required.begin(), required.end(), field) != required.end();
  };
  CHECK(requires_field("Case", "createTime"));
  CHECK(requires_field("Document", "createTime"));
  CHECK(requires_field("CreateStaffTokenResponse", "expireTime"));
  CHECK(requires_field("StartSignInResponse", "expireTime"));
  CHECK(requires_field("VerifySignInResponse", "session"));
  CHECK_FALSE(requires_field("Invitation", "acceptTime"));
  CHECK_FALSE(requires_field("ApiKey", "revokeTime"));
}

TEST_CASE("an operation names the scope that it needs, of those that there are", "[unit]") {
  const Document& document = TheDocument();
  const json scopes = document.Schema("Scope")["enum"];
  CHECK(scopes.size() > 10);
  CHECK(std::find(scopes.begin(), scopes.end(), "*") != scopes.end());
  for (const char* type : {"CreateStaffTokenRequest", "CreateApiKeyRequest", "ApiKey"}) {
    CHECK(document.Schema(type)["properties"]["scopes"]["items"]["$ref"] ==
          "#/components/schemas/Scope");
  }
  CHECK(document.Operation("/v1/cases", "get")["security"] ==
        json::parse(R"([{"bearer":["cases.read"]}])"));
  CHECK(document.Operation("/v1/portal/session", "get")["security"] ==
        json::parse(R"([{"session":[]}])"));
  CHECK(document.Operation("/v1/portal/links:open", "post")["security"] == json::array());
  for (const auto& [path, verbs] : document.all["paths"].items()) {
    for (const auto& [verb, operation] : verbs.items()) {
      for (const json& alternative : operation["security"]) {
        for (const json& scope : alternative.value("bearer", json::array())) {
          CHECK(std::find(scopes.begin(), scopes.end(), scope) != scopes.end());
        }
      }
    }
  }
}

TEST_CASE("an answer names its headers", "[unit]") {
  const Document& document = TheDocument();
  const json content =
      document.Operation("/v1/cases/{caseId}/documents/{documentId}/content", "get")["responses"];
  for (const char* name : {"X-Request-Id", "ETag", "Content-Disposition", "Accept-Ranges"}) {
    INFO(name);
    CHECK(content["200"]["headers"].contains(name));
  }
  CHECK(content["416"]["headers"].contains("Content-Range"));
  const json entrance = document.Operation("/v1/portal/entrance", "get");
  CHECK(entrance["responses"]["200"]["headers"].contains("ETag"));
  CHECK(entrance["responses"].contains("304"));
  // A header is one of a call with a body too, and no property of it.
  const json open = document.Operation("/v1/portal/links:open", "post");
  REQUIRE(open["parameters"].size() == 1);
  CHECK(open["parameters"][0]["name"] == "Accept-Language");
  CHECK_FALSE(absl::StrContains(document.all["components"]["schemas"].dump(), "acceptLanguage"));
  const json verify = document.Operation("/v1/portal/signIn:verify", "post")["responses"];
  CHECK(verify["200"]["headers"].contains("Set-Cookie"));
  CHECK(verify["429"]["headers"].contains("Retry-After"));
  for (const auto& [path, verbs] : document.all["paths"].items()) {
    for (const auto& [verb, operation] : verbs.items()) {
      INFO(verb << " " << path);
      for (const char* status : {"503", "504"}) {
        const json response = operation["responses"][status];
        CHECK(response["headers"]["Retry-After"]["required"] == true);
        CHECK(absl::StrContains(response["content"].dump(), "#/components/schemas/Problem\""));
      }
    }
  }
  CHECK(document.Operation("/v1/cases", "get")["responses"]["401"]["headers"].contains(
      "WWW-Authenticate"));
}

TEST_CASE("the example of a request is one that would be taken", "[unit]") {
  const Document& document = TheDocument();
  for (const auto& route : document.routes.routes()) {
    if (!route->has_body()) continue;
    // What travels as it is has no JSON.
    if (!route->whole_body &&
        (route->body_field == nullptr || route->body_field->message_type() == nullptr)) {
      continue;
    }
    std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(route->rpc->input_type())
            ->New());
    const std::string id = absl::StrCat(route->rpc->service()->name(), "_", route->rpc->name());
    json example;
    for (const auto& [path, verbs] : document.all["paths"].items()) {
      for (const auto& [verb, operation] : verbs.items()) {
        if (operation["operationId"] != id) continue;
        example = operation["requestBody"]["content"]["application/json"]["example"];
      }
    }
    INFO(id << " " << example.dump());
    auto* target = route->whole_body
                       ? request.get()
                       : request->GetReflection()->MutableMessage(request.get(), route->body_field);
    CHECK(ReadJson(example.dump(), *target).ok());
    // What the path says.
    for (int i = 0; i < route->rpc->input_type()->field_count(); ++i) {
      const auto* field = route->rpc->input_type()->field(i);
      if (!absl::StrContains(route->path, "{" + field->name() + "}")) continue;
      const std::string& named = field->options().GetExtension(common::v1::field).example();
      request->GetReflection()->SetString(request.get(), field, named.empty() ? "a1" : named);
    }
    const google::rpc::Status wrong = ToRpcStatus(Validate(*request));
    INFO(wrong.ShortDebugString());
    CHECK(wrong.code() == 0);
  }
}

TEST_CASE("no two schemas differ in the case of their letters alone", "[unit]") {
  std::set<std::string> names;
  for (const auto& [name, schema] : TheDocument().all["components"]["schemas"].items()) {
    CHECK(names.insert(absl::AsciiStrToLower(name)).second);
  }
}

// Of a gateway that serves what the tests declare, beside Gatehouse's own.
json DocumentWithThings() {
  auto services = AllServices();
  const auto* file = raw::v1::Note::descriptor()->file();
  for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  return json::parse(OpenApi(*RouteTable::Of(services), ProtoImage()));
}

TEST_CASE("two messages of one name in two packages are two schemas", "[unit]") {
  const json document = DocumentWithThings();
  const json schemas = document["components"]["schemas"];
  CHECK(schemas["RawNote"]["properties"].contains("text"));
  CHECK(schemas["CasesNote"]["properties"].contains("noteId"));
  CHECK_FALSE(schemas.contains("Note"));
  CHECK(document["paths"]["/v1/things/{thingId}/note"]["get"]["responses"]["200"]["content"]
                ["application/json"]["schema"]["$ref"] == "#/components/schemas/RawNote");
  CHECK(TheDocument().all["components"]["schemas"].contains("Note"));  // Alone it needs no more.
}

TEST_CASE("a status that a method declares is its success, and 204 has no content", "[unit]") {
  const json paths = DocumentWithThings()["paths"];
  const json put = paths["/v1/things/{thingId}"]["put"]["responses"];
  CHECK(put.contains("201"));
  CHECK_FALSE(put.contains("200"));
  CHECK(put["201"]["headers"].contains("Location"));
  const json removed = paths["/v1/things/{thingId}/note"]["delete"]["responses"];
  CHECK(removed.contains("204"));
  CHECK_FALSE(removed["204"].contains("content"));
}

TEST_CASE("what travels as bytes is said to", "[unit]") {
  const json thing = DocumentWithThings()["paths"]["/v1/things/{thingId}"];
  const json binary = {{"schema", {{"type", "string"}, {"format", "binary"}}}};
  CHECK(thing["put"]["requestBody"]["content"] == json{{"*/*", binary}});
  CHECK(thing["get"]["responses"]["200"]["content"] == json{{"*/*", binary}});
  // The path's field is a parameter, the bytes are none; and no body is asked to be JSON.
  REQUIRE(thing["put"]["parameters"].size() == 1);
  CHECK(thing["put"]["parameters"][0]["name"] == "thingId");
  CHECK_FALSE(absl::StrContains(thing["put"]["responses"].dump(), "NotJsonProblem"));
}

TEST_CASE("what is said of a string that need not be set leaves room for none", "[unit]") {
  const Document& document = TheDocument();
  const json policy = document.Schema("Policy")["properties"];
  CHECK(policy["privacyDisclosureUrl"]["pattern"] == "^(https?://.+)?$");
  const json verify = document.Schema("VerifySignInRequest")["properties"];
  CHECK(verify["nonce"]["pattern"] == "^([\\s\\S]{16,})?$");
  CHECK_FALSE(verify["nonce"].contains("minLength"));
  const json contact = document.Schema("Contact")["properties"];
  CHECK(contact["contactId"]["pattern"] == "^([A-Za-z0-9._-]{1,64})$");
  CHECK(document.Schema("CreateOrganisationRequest")["properties"]["portalUrl"]["format"] == "uri");
}

TEST_CASE("a refusal that is a Problem too is one of any, not one of one", "[unit]") {
  for (const auto& [path, verbs] : TheDocument().all["paths"].items()) {
    for (const auto& [verb, operation] : verbs.items()) {
      for (const auto& [status, response] : operation["responses"].items()) {
        INFO(verb << " " << path << " " << status);
        const json content = response.value("content", json::object());
        if (!content.contains("application/problem+json")) continue;
        const json schema = content["application/problem+json"]["schema"];
        CHECK_FALSE((status >= "500" && schema.contains("oneOf")));
      }
    }
  }
}

TEST_CASE("over REST nobody is told of metadata", "[unit]") {
  CHECK_FALSE(absl::StrContains(TheDocument().all.dump(), "METADATA_TOO_LARGE"));
}

}  // namespace
}  // namespace gatehouse::gateway
