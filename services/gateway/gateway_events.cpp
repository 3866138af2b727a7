#include <memory>

#include "absl/strings/str_cat.h"
#include "services/gateway/gateway_request.h"
#include "services/gateway/json/json_writer.h"

// An RPC that streams events, as Server-Sent Events (WHATWG HTML, section 9.2).
namespace gatehouse::gateway {
namespace {

using boost::asio::awaitable;
using google::protobuf::Message;

// How long a client waits before it asks again, in milliseconds.
constexpr char kRetry[] = "retry: 1000\n\n";

// A message without an event is a comment: a sign of life.
std::string EventText(const Route& route, const Message& message) {
  const auto& in = *message.GetReflection();
  if (!in.HasField(message, route.event_field)) return ":\n\n";
  std::string text = absl::StrCat("id: ", in.GetString(message, route.event_id_field), "\ndata: ");
  WriteJson(in.GetMessage(message, route.event_field), text);
  text += "\n\n";
  return text;
}

}  // namespace

// Without an arena, which would hold every event until the end.
awaitable<absl::Status> Gateway::SendEvents(Request& request, Backend::Stream& stream,
                                            const Message& first) {
  const std::unique_ptr<Message> message(first.New());
  message->CopyFrom(first);
  HttpHeaders headers = HeadersOf(request, "text/event-stream");
  headers.emplace_back("X-Accel-Buffering", "no");  // Of nginx, which would keep them together.
  request.status = 200;
  co_await request.http.Begin(request.status, headers);
  co_await request.http.Write(kRetry);
  for (bool more = !request.is_head; more && !request.http.leaving();
       more = co_await stream.Read(*message)) {
    co_await request.http.Write(EventText(*request.route, *message));
  }
  if (request.is_head || request.http.leaving()) stream.Cancel();
  co_return absl::OkStatus();
}

}  // namespace gatehouse::gateway
