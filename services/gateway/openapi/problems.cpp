#include "services/gateway/openapi/problems.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/options.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/gateway/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/gateway/json/problem.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::EnumValueDescriptor;

const common::v1::ReasonRule& RuleOf(const EnumValueDescriptor& reason) {
  return reason.options().GetExtension(common::v1::reason);
}

// CODE_WRONG → CodeWrongProblem
std::string NameOf(const EnumValueDescriptor& reason) {
  std::string name;
  for (const absl::string_view word : absl::StrSplit(reason.name(), '_')) {
    absl::StrAppend(&name, word.substr(0, 1), absl::AsciiStrToLower(word.substr(1)));
  }
  return name + "Problem";
}

int StatusOf(const EnumValueDescriptor& reason) {
  return ProblemOf(RefuseBy(reason, ""), "", "").status;
}

std::string FirstSentence(const std::string& comment) {
  std::string text = comment.substr(0, comment.find(". "));
  text = text.substr(0, text.find(".\n"));
  for (char& c : text) c = c == '\n' ? ' ' : c;
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

// The enum whose values are the types of its violations, where there is one.
const google::protobuf::EnumDescriptor* ConditionsOf(const EnumValueDescriptor& reason) {
  return reason.type()->file()->pool()->FindEnumTypeByName(RuleOf(reason).conditions());
}

Json BodyOf(const absl::Status& refusal) {
  return Json::parse(ProblemOf(refusal, "/v1/…", "req_01jd9m5w3v8q2n4x7k6y0t1z5c").body);
}

Json ExampleOf(const EnumValueDescriptor& reason, const Comments& comments) {
  const std::string sentence = FirstSentence(comments.Of(reason));
  absl::Status refusal = RefuseBy(reason, sentence);
  if (const auto* conditions = ConditionsOf(reason)) {
    const EnumValueDescriptor& first = *conditions->value(1);
    refusal = WithViolations(refusal, {{first.name(), "", FirstSentence(comments.Of(first))}});
  }
  for (const std::string& fact : RuleOf(reason).facts()) {
    refusal = WithFact(refusal, fact, IsCount(fact) ? "4" : "…");
  }
  if (reason.name() == "INVALID_REQUEST") {
    refusal = RefuseField("display_name", "is required");
  }
  return BodyOf(refusal);
}

Json ViolationSchema() {
  const Json text = {{"type", "string"}};
  return {
      {"type", "object"},
      {"description", "A field by its path, or a condition by its type and subject."},
      {"required", {"description"}},
      {"properties", {{"field", text}, {"type", text}, {"subject", text}, {"description", text}}}};
}

Json ProblemSchema() {
  const Json text = {{"type", "string"}};
  return {{"type", "object"},
          {"description",
           "RFC 9457. Whoever finds no `reason` in it met a fault of ours, or a service that is "
           "away: try again."},
          {"required", {"type", "title", "status", "detail", "request_id"}},
          {"properties",
           {{"type", text},
            {"title", text},
            {"status", {{"type", "integer"}}},
            {"detail", text},
            {"instance", text},
            {"reason", text},
            {"request_id", text},
            {"retry_after", {{"type", "integer"}, {"description", "Seconds, as Retry-After."}}},
            {"violations", {{"type", "array"}, {"items", SchemaRef("Violation")}}}}}};
}

Json HeaderOf(const char* description, const char* type) {
  return {{"description", description}, {"schema", {{"type", type}}}};
}

Json ResponseOf(int status, const std::string& description, Json schema,
                const std::vector<std::string>& examples) {
  Json response = {{"description", description}};
  response["headers"]["X-Request-Id"] = HeaderOf("The request's id.", "string");
  if (status == 429) {
    response["headers"]["Retry-After"] = HeaderOf("Seconds to wait, where that helps.", "integer");
  }
  if (status == 503 || status == 504) {
    response["headers"]["Retry-After"] = HeaderOf("Seconds to wait.", "integer");
    response["headers"]["Retry-After"]["required"] = true;
  }
  if (status == 401) {
    response["headers"]["WWW-Authenticate"] = HeaderOf("`Bearer`, not for portals.", "string");
  }
  if (status == 416) {
    response["headers"]["Content-Range"] = HeaderOf("How long the whole is.", "string");
  }
  if (status == 412) {
    response["headers"]["Tus-Version"] = HeaderOf("The version that is spoken.", "string");
  }
  Json& content = response["content"]["application/problem+json"];
  content["schema"] = std::move(schema);
  for (const std::string& example : examples) {
    content["examples"][example]["$ref"] = "#/components/examples/" + example;
  }
  return response;
}

}  // namespace

// What the RPC declares and implies, and what the gateway says before it asks.
Problems::Reasons Problems::ReasonsOf(const Route& route) {
  Reasons reasons = route.rules->reasons;
  const auto add = [&](v1::Reason reason) {
    const auto* value = v1::Reason_descriptor()->FindValueByNumber(reason);
    reasons[value->name()] = value;
  };
  // Of what the gateway passes on, no service counts the metadata.
  reasons.erase(common::v1::Reason_Name(common::v1::METADATA_TOO_LARGE));
  // The gateway exchanges no credential where anyone may call.
  if (route.rules->audience.count(common::v1::ANYONE) != 0) reasons.erase("CREDENTIAL_INVALID");
  add(v1::TOO_MANY_REQUESTS);
  if (route.whole_body || route.body_field != nullptr) add(v1::NOT_JSON);
  if (route.has_body() || route.rpc->client_streaming()) {
    add(v1::BODY_TOO_LARGE);
    add(v1::CONTENT_ENCODING_NOT_SUPPORTED);
    add(v1::DIGEST_INVALID);
    add(v1::DIGEST_MISMATCH);
  }
  for (int i = 0; i < route.rpc->output_type()->field_count(); ++i) {
    const auto& field = route.rpc->output_type()->field(i)->options();
    if (field.GetExtension(common::v1::field).cookie()) add(v1::CROSS_SITE_SIGN_IN);
  }
  if (route.portal && route.verb != "GET") add(v1::ORIGIN_NOT_ALLOWED);
  return reasons;
}

void Problems::AddResponses(const Route& route, Json& responses) {
  std::map<int, Reasons> by_status;
  for (const auto& [name, reason] : ReasonsOf(route)) {
    by_status[StatusOf(*reason)][name] = reason;
    needed_[name] = reason;
  }
  for (const auto& [status, reasons] : by_status) {
    std::string description;
    Json schemas = Json::array();
    std::vector<std::string> examples;
    for (const auto& [name, reason] : reasons) {
      examples.push_back(name);
      absl::StrAppend(&description, description.empty() ? "" : "\n", "- `", name,
                      "`: ", FirstSentence(comments_.Of(*reason)), ".");
      schemas.push_back(SchemaRef(NameOf(*reason)));
    }
    // What is away and a deadline that passed have none, also where a reason has their status. Then
    // what has a reason is a Problem too.
    if (status >= 500) schemas.push_back(SchemaRef("Problem"));
    const char* const of = status >= 500 ? "anyOf" : "oneOf";
    responses[std::to_string(status)] = ResponseOf(
        status, description, schemas.size() == 1 ? schemas[0] : Json{{of, schemas}}, examples);
  }
  const std::pair<int, const char*> faults[] = {{500, "A fault of ours."},
                                                {503, "A service is away: try again."},
                                                {504, "It took too long: try again."}};
  for (const auto& [status, description] : faults) {
    if (by_status.count(status) != 0) continue;
    const std::string code = std::to_string(status);
    responses[code] = ResponseOf(status, description, SchemaRef("Problem"), {code});
  }
}

Json Problems::SchemaOf(const EnumValueDescriptor& reason) {
  const std::string comment = comments_.Of(reason);
  Json own = {{"type", "object"}, {"required", {"reason"}}};
  own["properties"]["reason"] = {{"type", "string"}, {"enum", {reason.name()}}};
  for (const std::string& fact : RuleOf(reason).facts()) {
    own["required"].push_back(fact);
    own["properties"][fact] = {{"type", IsCount(fact) ? "integer" : "string"}};
  }
  if (const auto* conditions = ConditionsOf(reason)) {
    own["required"].push_back("violations");
    own["properties"]["violations"] = {{"type", "array"},
                                       {"items",
                                        {{"type", "object"},
                                         {"required", {"type", "subject", "description"}},
                                         {"properties",
                                          {{"type", schemas_.Enum(*conditions)},
                                           {"subject", {{"type", "string"}}},
                                           {"description", {{"type", "string"}}}}}}}};
  }
  return {{"description", comment}, {"allOf", {SchemaRef("Problem"), own}}};
}

Json Problems::All() {
  Json schemas = {{"Problem", ProblemSchema()}, {"Violation", ViolationSchema()}};
  for (const auto& [name, reason] : needed_) schemas[NameOf(*reason)] = SchemaOf(*reason);
  return schemas;
}

Json Problems::AllExamples() const {
  Json examples;
  for (const auto& [name, reason] : needed_) {
    examples[name]["value"] = ExampleOf(*reason, comments_);
  }
  for (const absl::Status& fault :
       {absl::InternalError(""), absl::UnavailableError(""), absl::DeadlineExceededError("")}) {
    const Json body = BodyOf(fault);
    examples[std::to_string(body["status"].get<int>())]["value"] = body;
  }
  return examples;
}

}  // namespace gatehouse::gateway
