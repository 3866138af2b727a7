#include <google/protobuf/arena.h>

#include "absl/strings/str_cat.h"
#include "gatehouse/gateway/v1/reasons.pb.h"
#include "services/gateway/gateway_request.h"
#include "services/gateway/http/entity_tag.h"

// The two shapes of an RPC that streams bytes: up and down.
namespace gatehouse::gateway {
namespace {

using boost::asio::awaitable;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int64_t kUploadMax = 5LL << 30;
// Of an upload's bytes, at once; the first ones are smaller, since who sends slowly holds memory.
constexpr size_t kFirstChunk = 16 << 10, kChunk = 256 << 10;

std::string ValueOf(const HttpHeaders& headers, const char* name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace

HttpHeaders HeaderFields(const Message& message) {
  HttpHeaders headers;
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string& name = RuleOf(field).header();
    const bool absent = field.has_presence() && !message.GetReflection()->HasField(message, &field);
    if (name.empty() || absent) continue;
    const std::string text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING
                                 ? message.GetReflection()->GetString(message, &field)
                                 : absl::StrCat(message.GetReflection()->GetInt64(message, &field));
    if (!text.empty()) headers.emplace_back(name, text);
  }
  return headers;
}

void AddOwn(HttpHeaders& headers, const HttpHeaders& own) {
  if (!ValueOf(own, "Cache-Control").empty()) {
    std::erase_if(headers, [](const auto& header) { return header.first == "Cache-Control"; });
  }
  headers.insert(headers.end(), own.begin(), own.end());
}

std::optional<HttpHeaders> IfUnchanged(const HttpExchange& http, HttpHeaders headers,
                                       const HttpHeaders& own) {
  const std::string etag = ValueOf(own, "ETag");
  if (etag.empty() || !NamesTag(http.Header("If-None-Match"), etag)) return std::nullopt;
  std::erase_if(headers, [](const auto& header) { return header.first == "Content-Type"; });
  HttpHeaders kept = {{"ETag", etag}};
  const std::string cached = ValueOf(own, "Cache-Control");
  if (!cached.empty()) kept.emplace_back("Cache-Control", cached);
  AddOwn(headers, kept);
  return headers;
}

// What was read of an upload's bytes so far. As long as it is little, all of it is kept, and the
// call can be made again.
struct Gateway::UploadBody {
  BodyDigest digest;
  std::string kept;
  int64_t size = 0;
  size_t next_chunk = kFirstChunk;
  bool end_sent = false;
  absl::Status refused;

  bool is_at_hand() const { return size == static_cast<int64_t>(kept.size()); }
  void Add(const std::string& chunk) {
    digest.Add(chunk);
    const bool keep = is_at_hand() && kept.size() + chunk.size() <= kChunk;
    size += static_cast<int64_t>(chunk.size());
    kept = keep ? kept + chunk : std::string();
    const bool full = chunk.size() == next_chunk;
    next_chunk = full ? std::min(2 * next_chunk, kChunk) : std::max(next_chunk / 2, kFirstChunk);
  }
};

absl::StatusOr<BodyDigest> Gateway::DigestOf(const HttpExchange& http) {
  return BodyDigest::Of({.content_digest = http.Header("Content-Digest"),
                         .repr_digest = http.Header("Repr-Digest"),
                         .content_md5 = http.Header("Content-MD5")});
}

absl::Status Gateway::UploadTooLarge() {
  return gatehouse::Refuse(gateway::v1::BODY_TOO_LARGE, "the body is larger than 5 GiB");
}

awaitable<absl::Status> Gateway::Upload(Request& request) {
  if (request.http.content_length().value_or(0) > kUploadMax) co_return UploadTooLarge();
  google::protobuf::Arena arena;
  Message& message = *NewMessage(request.route->rpc->input_type(), arena);
  if (absl::Status status = Fill(request, message); !status.ok()) co_return status;
  Message& response = *NewMessage(request.route->rpc->output_type(), arena);
  UploadBody body;
  auto digest = DigestOf(request.http);
  if (!digest.ok()) co_return digest.status();
  body.digest = *std::move(digest);
  // By its request id a document is kept once.
  const bool may_repeat = MayRepeat(*request.route->rules, message);
  absl::Status status;
  for (int attempt = 1;; ++attempt) {
    const bool give_up = may_repeat && attempt < kAttempts;
    status = co_await UploadOnce(request, message, body, response, give_up);
    // Unless its end was sent, no service can have kept anything of it.
    if (!body.is_at_hand() || !body.refused.ok()) break;
    const bool again = co_await Backend::CallAgain(status, may_repeat || !body.end_sent, attempt);
    if (!again) break;
  }
  if (!status.ok()) co_return UnlessCancelled(std::move(status));
  co_await Answer(request, response);
  co_return absl::OkStatus();
}

awaitable<absl::Status> Gateway::UploadOnce(Request& request, const Message& message,
                                            UploadBody& body, Message& response, bool give_up) {
  HttpExchange& http = request.http;
  const auto stream = backend_.Open(request.route->service, OnwardOf(request));
  if (!co_await stream->Start()) co_return co_await stream->Finish();
  // A service may answer without the body, such as to a repeat: then nobody waits for the rest.
  stream->ReadAnswer(response, [&http] { http.InterruptRead(); });
  std::exception_ptr broken;
  try {
    const bool open = co_await stream->Write(message);
    if (open) co_await SendBody(request, *stream, body);
  } catch (...) {
    broken = std::current_exception();
  }
  // Half a document must not be taken for a whole one: its upload is cancelled, not ended.
  if (broken || !body.refused.ok()) stream->Cancel();
  absl::Status status = co_await stream->Answered(give_up && body.is_at_hand());
  if (broken) std::rethrow_exception(broken);
  co_return body.refused.ok() ? status : body.refused;
}

// The next bytes are read once the service has room for them.
awaitable<void> Gateway::SendBody(Request& request, Backend::Stream& stream, UploadBody& body) {
  const int field = request.route->bytes_field->number();
  bool open = true;
  if (!body.kept.empty()) open = co_await stream.WriteBytes(field, body.kept);
  while (open && request.http.has_body() && !stream.ended()) {
    // Who holds much already goes on in small pieces.
    const bool room = request.place.Hold(static_cast<int64_t>(body.kept.size() + body.next_chunk));
    std::string chunk(room ? body.next_chunk : kFirstChunk, '\0');
    // What a slow client sends is handed on as it comes: a service sees that it comes.
    chunk.resize(co_await request.http.ReadSome(chunk.data(), chunk.size()));
    body.Add(chunk);
    if (body.size > kUploadMax) body.refused = UploadTooLarge();
    if (stream.ended() || !body.refused.ok()) co_return;
    if (chunk.empty()) break;
    co_await NoteUse(request);
    open = co_await stream.WriteBytes(field, std::move(chunk));
  }
  if (!open || stream.ended()) co_return;
  body.refused = body.digest.Check();
  if (!body.refused.ok()) co_return;
  body.end_sent = true;
  co_await stream.WritesDone();
}

awaitable<absl::Status> Gateway::Download(Request& request) {
  google::protobuf::Arena arena;
  Message& message = *NewMessage(request.route->rpc->input_type(), arena);
  absl::Status status = co_await ReadBody(request, message);
  if (status.ok()) status = Fill(request, message);
  if (!status.ok()) co_return status;
  const Onward onward = OnwardOf(request);
  Message& part = *NewMessage(request.route->rpc->output_type(), arena);
  std::shared_ptr<Backend::Stream> stream;
  for (int attempt = 1;; ++attempt) {
    stream = backend_.Open(request.route->service, onward);
    bool open = co_await stream->Start();
    if (open) open = co_await stream->Write(message);
    if (open) open = co_await stream->WritesDone();
    const bool give_up = onward.may_repeat && attempt < kAttempts;
    if (open) open = co_await stream->ReadFirst(part, give_up);
    if (open) break;
    status = co_await stream->Finish();
    if (status.ok()) status = absl::InternalError("a download without a first message");
    const bool again = co_await Backend::CallAgain(status, onward.may_repeat, attempt);
    if (!again) co_return UnlessCancelled(std::move(status));
  }
  std::exception_ptr broken;
  try {
    if (request.route->event_field != nullptr) {
      status = co_await SendEvents(request, *stream, part);
    } else {
      status = co_await SendParts(request, *stream, part);
    }
  } catch (...) {
    broken = std::current_exception();
    stream->Cancel();
    status = absl::CancelledError("the client is gone");
  }
  const absl::Status finished = co_await stream->Finish();
  if (broken) std::rethrow_exception(broken);
  if (request.status == 304 || request.is_head) co_return absl::OkStatus();
  co_await request.http.End(status.ok() && finished.ok());
  co_return finished;
}

awaitable<absl::Status> Gateway::SendParts(Request& request, Backend::Stream& stream,
                                           Message& part) {
  const HttpHeaders fields = HeaderFields(part);
  HttpHeaders headers = HeadersOf(request, "");
  const auto unchanged = IfUnchanged(request.http, headers, fields);
  if (unchanged.has_value()) {
    stream.Cancel();
    request.status = 304;
    co_await request.http.Respond(304, *unchanged, "");
    co_return absl::OkStatus();
  }
  AddOwn(headers, fields);
  request.status = ValueOf(fields, "Content-Range").empty() ? 200 : 206;
  co_await request.http.Begin(request.status, headers);
  if (request.is_head) {
    stream.Cancel();
    co_return absl::OkStatus();
  }
  for (bool more = true; more; more = co_await stream.Read(part)) {
    co_await NoteUse(request);
    std::string scratch;
    co_await request.http.Write(
        part.GetReflection()->GetStringReference(part, request.route->bytes_field, &scratch));
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::gateway
