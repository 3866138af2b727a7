#include <google/protobuf/arena.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/gateway/gateway_request.h"
#include "services/gateway/json/json_reader.h"
#include "services/gateway/json/json_writer.h"

// The three shapes of an RPC over HTTP: JSON in and out, bytes in, bytes out.
namespace gatehouse::gateway {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kJsonMax = 1 << 20;
constexpr int64_t kUploadMax = 5LL << 30;
constexpr size_t kChunk = 256 << 10;

Message* NewMessage(const Descriptor* type, google::protobuf::Arena& arena) {
  return google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New(&arena);
}

const common::v1::FieldRule& RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(common::v1::field);
}

bool IsJson(const std::string& content_type) {
  const std::string type = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type), "application/json");
}

// The fields of an answer that travel as HTTP headers.
HttpHeaders HeaderFields(const Message& message) {
  HttpHeaders headers;
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string& name = RuleOf(field).header();
    if (name.empty()) continue;
    const std::string text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING
                                 ? message.GetReflection()->GetString(message, &field)
                                 : absl::StrCat(message.GetReflection()->GetInt64(message, &field));
    if (!text.empty()) headers.emplace_back(name, text);
  }
  return headers;
}

std::string ValueOf(const HttpHeaders& headers, const char* name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace

// What stands in the path, in the query and in headers.
absl::Status Gateway::Fill(Request& request, Message& message) const {
  const Descriptor& type = *message.GetDescriptor();
  ASSIGN_OR_RETURN(const Variables parameters, SplitQuery(request.query));
  for (const auto& [name, value] : parameters) {
    const FieldDescriptor* field = type.FindFieldByCamelcaseName(name);
    if (field == nullptr) field = type.FindFieldByName(name);
    bool elsewhere = field == nullptr || request.route->whole_body ||
                     field == request.route->body_field || field == request.route->bytes_field ||
                     !RuleOf(*field).header().empty();
    for (const auto& [bound, text] : request.variables) {
      elsewhere = elsewhere || (field != nullptr && field->name() == bound);
    }
    if (elsewhere) return RefuseField(name, "is not a parameter that is known here");
    RETURN_IF_ERROR(SetFromText(message, name, value));
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const std::string& header = RuleOf(*type.field(i)).header();
    if (header.empty()) continue;
    const std::string value = request.http.Header(header);
    if (!value.empty()) RETURN_IF_ERROR(SetFromText(message, type.field(i)->name(), value));
  }
  for (const auto& [name, value] : request.variables) {
    const FieldDescriptor* field = type.FindFieldByName(name);
    const std::string sent = message.GetReflection()->GetString(message, field);
    if (!sent.empty() && sent != value) {
      return RefuseField(name, "says something else in the body than in the path");
    }
    RETURN_IF_ERROR(SetFromText(message, name, value));
  }
  return absl::OkStatus();
}

awaitable<absl::Status> Gateway::ReadBody(Request& request, Message& message) {
  HttpExchange& http = request.http;
  const Route& route = *request.route;
  if (!route.has_body()) {
    if (!http.has_body()) co_return absl::OkStatus();
    co_return gatehouse::Refuse(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                                "this call takes no body");
  }
  // Another site's form cannot send this type without asking first.
  if ((http.has_body() || route.portal) && !IsJson(http.Header("Content-Type"))) {
    request.refused = 415;
    co_return gatehouse::Refuse(absl::StatusCode::kInvalidArgument, "NOT_JSON",
                                "the body must be application/json");
  }
  std::string json;
  bool too_large = http.content_length().value_or(0) > static_cast<int64_t>(kJsonMax);
  while (!too_large && http.has_body()) {
    const size_t before = json.size();
    json.resize(std::min<size_t>(before + http.content_length().value_or(16384), kJsonMax + 1));
    const size_t n = co_await http.Read(json.data() + before, json.size() - before);
    json.resize(before + n);
    too_large = json.size() > kJsonMax;
    if (n == 0) break;
  }
  if (too_large) {
    request.refused = 413;
    co_return gatehouse::Refuse(absl::StatusCode::kInvalidArgument, "BODY_TOO_LARGE",
                                "the body is larger than 1 MiB");
  }
  if (json.empty()) co_return absl::OkStatus();
  co_return ReadJson(json, route.whole_body ? message
                                            : *message.GetReflection()->MutableMessage(
                                                  &message, route.body_field));
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
  google::protobuf::Arena arena;
  Message& message = *NewMessage(request.route->rpc->input_type(), arena);
  absl::Status status = co_await ReadBody(request, message);
  if (status.ok()) status = Fill(request, message);
  if (!status.ok()) co_return status;
  Message& response = *NewMessage(request.route->rpc->output_type(), arena);
  status = co_await backend_.Unary(request.route->service, OnwardOf(request), message, response);
  if (!status.ok()) co_return status;
  co_await Answer(request, response);
  co_return absl::OkStatus();
}

awaitable<void> Gateway::Answer(Request& request, const Message& response) {
  HttpHeaders headers = HeadersOf(request, "application/json");
  const Descriptor& type = *response.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    if (!RuleOf(*type.field(i)).cookie()) continue;
    headers.emplace_back("Set-Cookie", CookieOf(request, response.GetReflection()->GetString(
                                                             response, type.field(i))));
  }
  std::string json;
  WriteJson(response, json);
  if (request.route->rules->from_principal && request.principal != nullptr) {
    request.principal->answers.Keep(request.route->full_name, json);
  }
  request.status = 200;
  co_await request.http.Respond(200, headers, json);
}

// What was read of an upload's bytes so far. As long as one chunk holds all of it, the call can be
// made again.
struct Gateway::UploadBody {
  std::string first;
  int64_t size = 0;
  bool end_sent = false;

  bool is_at_hand() const { return size == static_cast<int64_t>(first.size()); }
};

awaitable<absl::Status> Gateway::Upload(Request& request) {
  HttpExchange& http = request.http;
  if (http.content_length().value_or(0) > kUploadMax) {
    request.refused = 413;
    co_return gatehouse::Refuse(absl::StatusCode::kInvalidArgument, "BODY_TOO_LARGE",
                                "the body is larger than 5 GiB");
  }
  google::protobuf::Arena arena;
  Message& message = *NewMessage(request.route->rpc->input_type(), arena);
  if (absl::Status status = Fill(request, message); !status.ok()) co_return status;
  Message& response = *NewMessage(request.route->rpc->output_type(), arena);
  UploadBody body;
  absl::Status status;
  for (int attempt = 1;; ++attempt) {
    status = co_await UploadOnce(request, message, body, response);
    // Unless its end was sent, no service can have kept anything of it.
    if (!body.is_at_hand()) break;
    const bool again = co_await Backend::CallAgain(status, !body.end_sent, attempt);
    if (!again) break;
  }
  if (!status.ok()) co_return UnlessCancelled(std::move(status));
  co_await Answer(request, response);
  co_return absl::OkStatus();
}

awaitable<absl::Status> Gateway::UploadOnce(Request& request, const Message& message,
                                            UploadBody& body, Message& response) {
  HttpExchange& http = request.http;
  const int field = request.route->bytes_field->number();
  const auto stream = backend_.Open(request.route->service, OnwardOf(request));
  std::exception_ptr broken;
  bool open = co_await stream->Start();
  if (open) open = co_await stream->Write(message);
  if (open && !body.first.empty()) open = co_await stream->WriteBytes(field, body.first);
  // The next bytes are read once the service has room for them.
  while (open && http.has_body()) {
    std::string chunk;
    try {
      chunk.resize(kChunk);
      chunk.resize(co_await http.Read(chunk.data(), kChunk));
    } catch (...) {
      broken = std::current_exception();
    }
    if (broken || chunk.empty()) break;
    body.first = body.size == 0 ? chunk : std::string();
    body.size += static_cast<int64_t>(chunk.size());
    if (body.size > kUploadMax) break;
    open = co_await stream->WriteBytes(field, std::move(chunk));
  }
  // Half a document must not be taken for a whole one: its upload is cancelled, not ended.
  if (broken || body.size > kUploadMax) {
    stream->Cancel();
    (void)co_await stream->Finish();
    if (broken) std::rethrow_exception(broken);
    request.refused = 413;
    co_return gatehouse::Refuse(absl::StatusCode::kInvalidArgument, "BODY_TOO_LARGE",
                                "the body is larger than 5 GiB");
  }
  if (open) {
    body.end_sent = true;
    open = co_await stream->WritesDone();
  }
  if (open) (void)co_await stream->Read(response);
  co_return co_await stream->Finish();
}

awaitable<absl::Status> Gateway::Download(Request& request) {
  google::protobuf::Arena arena;
  Message& message = *NewMessage(request.route->rpc->input_type(), arena);
  absl::Status status = co_await ReadBody(request, message);
  if (status.ok()) status = Fill(request, message);
  if (!status.ok()) co_return status;
  const Onward onward = OnwardOf(request);
  Message& part = *NewMessage(request.route->rpc->output_type(), arena);
  std::unique_ptr<Backend::Stream> stream;
  for (int attempt = 1;; ++attempt) {
    stream = backend_.Open(request.route->service, onward);
    bool open = co_await stream->Start();
    if (open) open = co_await stream->Write(message);
    if (open) open = co_await stream->WritesDone();
    if (open) open = co_await stream->Read(part);
    if (open) break;
    status = co_await stream->Finish();
    if (status.ok()) status = absl::InternalError("a download without a first message");
    const bool again = co_await Backend::CallAgain(status, onward.may_repeat, attempt);
    if (!again) co_return UnlessCancelled(std::move(status));
  }
  std::exception_ptr broken;
  try {
    status = co_await SendParts(request, *stream, part);
  } catch (...) {
    broken = std::current_exception();
    stream->Cancel();
    status = absl::CancelledError("the client is gone");
  }
  const absl::Status finished = co_await stream->Finish();
  if (broken) std::rethrow_exception(broken);
  if (request.status == 304) co_return absl::OkStatus();
  co_await request.http.End(status.ok() && finished.ok());
  co_return finished;
}

awaitable<absl::Status> Gateway::SendParts(Request& request, Backend::Stream& stream,
                                           Message& part) {
  HttpHeaders fields = HeaderFields(part);
  HttpHeaders headers = HeadersOf(request, "");
  headers.insert(headers.end(), fields.begin(), fields.end());
  const std::string etag = ValueOf(fields, "ETag");
  if (!etag.empty() && request.http.Header("If-None-Match") == etag) {
    stream.Cancel();
    request.status = 304;
    HttpHeaders unchanged = HeadersOf(request, "");
    unchanged.emplace_back("ETag", etag);
    co_await request.http.Respond(304, unchanged, "");
    co_return absl::OkStatus();
  }
  request.status = ValueOf(fields, "Content-Range").empty() ? 200 : 206;
  co_await request.http.Begin(request.status, headers);
  for (bool more = true; more; more = co_await stream.Read(part)) {
    std::string scratch;
    co_await request.http.Write(
        part.GetReflection()->GetStringReference(part, request.route->bytes_field, &scratch));
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::gateway
