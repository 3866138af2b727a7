#include <google/protobuf/arena.h>

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/options.pb.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "gatehouse/gateway/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/text/network.h"
#include "services/gateway/gateway_request.h"
#include "services/gateway/http/entity_tag.h"
#include "services/gateway/json/json_reader.h"
#include "services/gateway/json/json_writer.h"

// An RPC over HTTP: what the request says becomes its message, and its answer becomes JSON.
namespace gatehouse::gateway {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A body is held as it comes: who says that much will follow, and sends little, holds little.
constexpr char kVerb[] = ":method";

constexpr size_t kJsonMax = 1 << 20, kJsonFirst = 16 << 10;

bool IsJson(const std::string& content_type) {
  const std::string type = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type), "application/json");
}

// `Idempotency-Key`, as a word or as the string that its draft writes, is the `request_id` of every
// call that has one.
absl::Status FillRequestId(const HttpExchange& http, Message& message) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName("request_id");
  std::string key = http.Header("Idempotency-Key");
  if (field == nullptr || key.empty()) return absl::OkStatus();
  if (key.size() > 1 && key.front() == '"' && key.back() == '"') {
    key = key.substr(1, key.size() - 2);
  }
  const std::string sent = message.GetReflection()->GetString(message, field);
  if (!sent.empty() && sent != key) {
    return RefuseField(field->name(), "says something else than the header Idempotency-Key");
  }
  return SetFromText(message, field->name(), key);
}

}  // namespace

// What stands in the path, in the query and in headers.
absl::Status Gateway::Fill(Request& request, Message& message) const {
  const Descriptor& type = *message.GetDescriptor();
  ASSIGN_OR_RETURN(const Variables parameters, SplitQuery(request.query));
  std::set<const FieldDescriptor*> given;
  for (const auto& [name, value] : parameters) {
    const FieldDescriptor* field = type.FindFieldByCamelcaseName(name);
    if (field == nullptr) field = type.FindFieldByName(name);
    bool elsewhere = field == nullptr || request.route->whole_body ||
                     field == request.route->body_field || field == request.route->bytes_field ||
                     field == request.route->request_bytes || !RuleOf(*field).header().empty();
    for (const auto& [bound, text] : request.variables) {
      elsewhere = elsewhere || (field != nullptr && field->name() == bound);
    }
    if (elsewhere) return RefuseField(name, "is not a parameter that is known here");
    if (!given.insert(field).second && !field->is_repeated()) {
      return RefuseField(name, "is given twice");
    }
    RETURN_IF_ERROR(SetFromText(message, name, value));
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const std::string& header = RuleOf(*type.field(i)).header();
    if (header.empty()) continue;
    // A header but for HTTP/2's name of the verb (RFC 9113, 8.3.1): some do less for a HEAD.
    const std::string value = header == kVerb ? request.http.method() : request.http.Header(header);
    // Only GET has ranges (RFC 9110, 14.2).
    if (header == "Range" && (request.is_head || !IsOneRange(value))) continue;
    if (!value.empty()) RETURN_IF_ERROR(SetFromText(message, type.field(i)->name(), value));
  }
  RETURN_IF_ERROR(FillRequestId(request.http, message));
  for (const auto& [name, value] : request.variables) {
    const FieldDescriptor* field = type.FindFieldByName(name);
    const std::string sent = message.GetReflection()->GetString(message, field);
    if (!sent.empty() && sent != value) {
      return RefuseField(name, "says something else in the body than in the path");
    }
    RETURN_IF_ERROR(SetFromText(message, name, value));
  }
  FillFromCookie(request, message);
  return absl::OkStatus();
}

// The fields that stand for the session cookie, whatever the body says. A cookie that cannot be a
// token is none: who holds an odd one may sign in all the same.
void Gateway::FillFromCookie(const Request& request, Message& message) {
  constexpr size_t kTokenMax = 512;
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!RuleOf(field).cookie()) continue;
    std::string token = CredentialOf(request);
    const bool sound = token.size() <= kTokenMax &&
                       std::all_of(token.begin(), token.end(),
                                   [](unsigned char c) { return absl::ascii_isgraph(c); });
    message.GetReflection()->SetString(&message, &field, sound ? std::move(token) : "");
  }
}

awaitable<absl::Status> Gateway::ReadBody(Request& request, Message& message) {
  HttpExchange& http = request.http;
  const Route& route = *request.route;
  if (!route.has_body()) {
    if (!http.has_body()) co_return absl::OkStatus();
    co_return gatehouse::Refuse(common::v1::INVALID_REQUEST, "this call takes no body");
  }
  // Another site's form cannot send this type without asking first.
  const bool json_wanted = route.request_bytes == nullptr && (http.has_body() || route.portal);
  if (json_wanted && !IsJson(http.Header("Content-Type"))) {
    co_return gatehouse::Refuse(gateway::v1::NOT_JSON, "the body must be application/json");
  }
  auto digest = DigestOf(http);
  if (!digest.ok()) co_return digest.status();
  std::string json;
  absl::Status status = co_await ReadText(request, json);
  if (!status.ok()) co_return status;
  digest->Add(json);
  status = digest->Check();
  if (!status.ok() || json.empty()) co_return status;
  if (route.request_bytes != nullptr) {
    message.GetReflection()->SetString(&message, route.request_bytes, std::move(json));
    co_return absl::OkStatus();
  }
  co_return ReadJson(json, route.whole_body ? message
                                            : *message.GetReflection()->MutableMessage(
                                                  &message, route.body_field));
}

awaitable<absl::Status> Gateway::ReadText(Request& request, std::string& text) {
  HttpExchange& http = request.http;
  const size_t length = http.content_length().value_or(kJsonMax + 1);
  bool too_large = http.content_length().has_value() && length > kJsonMax;
  while (!too_large && http.has_body()) {
    const size_t before = text.size();
    const size_t next = std::min({before + std::max(before, kJsonFirst), length, kJsonMax + 1});
    if (!request.place.Hold(static_cast<int64_t>(next))) co_return TooManyRequests();
    text.resize(next);
    const size_t n = co_await http.Read(text.data() + before, next - before);
    text.resize(before + n);
    too_large = text.size() > kJsonMax;
    if (text.size() < next) break;
  }
  if (!too_large) co_return absl::OkStatus();
  co_return gatehouse::Refuse(gateway::v1::BODY_TOO_LARGE, "the body is larger than 1 MiB");
}

awaitable<absl::Status> Gateway::Unary(Request& request) {
  const bool from_principal = request.route->rules->from_principal && request.principal != nullptr;
  if (from_principal && request.query.empty() && !request.http.has_body()) {
    const std::string known = request.principal->answers.Find(request.route->full_name);
    if (!known.empty()) {
      request.status = 200;
      co_await request.http.Respond(200, HeadersOf(request, "application/json"), known);
      co_return absl::OkStatus();
    }
  }
  std::optional<google::protobuf::Arena> arena(std::in_place);
  Message& message = *NewMessage(request.route->rpc->input_type(), *arena);
  absl::Status status = co_await ReadBody(request, message);
  if (status.ok()) status = Fill(request, message);
  if (!status.ok()) co_return status;
  Message& response = *NewMessage(request.route->rpc->output_type(), *arena);
  status = co_await CallUnary(request, message, response);
  if (!status.ok()) co_return status;
  if (request.route->verb == "GET" && !request.http.Header("If-None-Match").empty()) {
    const auto unchanged =
        IfUnchanged(request.http, HeadersOf(request, ""), HeaderFields(response));
    if (unchanged.has_value()) {
      request.status = 304;
      co_await request.http.Respond(304, *unchanged, "");
      co_return absl::OkStatus();
    }
  }
  const Composed composed = Compose(request, response);
  arena.reset();  // Who takes the answer slowly has it held once.
  // It counts for as long as that. What was changed is told all the same.
  const bool room = request.place.Hold(static_cast<int64_t>(composed.body.size()));
  if (!room && request.route->verb == "GET") co_return TooManyRequests();
  co_await request.http.Respond(request.status, composed.headers, composed.body);
  co_return absl::OkStatus();
}

// A service that does not take the token has done nothing: with a new one the call is made again.
awaitable<absl::Status> Gateway::CallUnary(Request& request, const Message& message,
                                           Message& response) {
  Onward onward = OnwardOf(request);
  onward.may_repeat = MayRepeat(*request.route->rules, message);
  absl::Status status = co_await backend_.Unary(request.route->service, onward, message, response);
  if (!absl::IsUnauthenticated(status) || request.principal == nullptr) co_return status;
  status = co_await IdentifyAgain(request);
  if (!status.ok()) co_return status;
  onward.token = request.principal->token;
  status = co_await backend_.Unary(request.route->service, onward, message, response);
  co_return absl::IsUnauthenticated(status) ? Disputed() : status;
}

awaitable<void> Gateway::Answer(Request& request, const Message& response) {
  const Composed composed = Compose(request, response);
  co_await request.http.Respond(request.status, composed.headers, composed.body);
}

Gateway::Composed Gateway::Compose(Request& request, const Message& response) {
  const FieldDescriptor* raw = request.route->response_bytes;
  const HttpHeaders own = HeaderFields(response);
  const bool typed = std::any_of(own.begin(), own.end(),
                                 [](const auto& header) { return header.first == "Content-Type"; });
  request.status = request.route->rules->success_status;
  const bool empty = request.status == 204;
  const char* content_type = "application/json";
  if (raw != nullptr) content_type = "application/octet-stream";
  if (typed || empty) content_type = "";
  Composed composed = {.headers = HeadersOf(request, content_type), .body = ""};
  AddOwn(composed.headers, own);
  const Descriptor& type = *response.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    if (!RuleOf(*type.field(i)).cookie()) continue;
    const std::string token = response.GetReflection()->GetString(response, type.field(i));
    composed.headers.emplace_back("Set-Cookie", CookieOf(request, token));
    if (token.empty()) continue;
    credentials_.WasGood(Sha256(token), NetworkOf(request.client.address), absl::Now());
  }
  if (raw != nullptr && !empty) {
    composed.body = response.GetReflection()->GetString(response, raw);
  } else if (!empty) {
    WriteJson(response, composed.body);
  }
  if (request.route->rules->from_principal && request.principal != nullptr) {
    request.principal->answers.Keep(request.route->full_name, composed.body);
  }
  return composed;
}

}  // namespace gatehouse::gateway
