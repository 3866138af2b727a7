#include "services/gateway/backend.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <array>
#include <boost/asio.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"
#include "services/common/rpc/metadata.h"

namespace gatehouse::gateway {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

// A tag of the loop's queue that resumes a coroutine.
template <typename Handler>
struct Resume : Completion {
  explicit Resume(Handler handler) : handler(std::move(handler)) {}
  void Done(bool ok) override {
    Handler resume = std::move(handler);
    delete this;
    resume(ok);
  }
  Handler handler;
};

// Starts an operation with a tag, and waits for it.
template <typename Start>
awaitable<bool> Await(Start start) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(bool)>(
      [start](auto handler) {
        start(static_cast<Completion*>(new Resume<decltype(handler)>(std::move(handler))));
      },
      asio::use_awaitable);
}

// A tag that runs a function.
class Then : public Completion {
 public:
  explicit Then(std::function<void(bool)> next) : next_(std::move(next)) {}
  void Done(bool ok) override {
    const std::function<void(bool)> next = std::move(next_);
    delete this;
    next(ok);
  }

 private:
  std::function<void(bool)> next_;
};

constexpr int kStreamsOfLane = 90;  // Below kStreamsPerConnection of a service.

void Prepare(grpc::ClientContext& context, const Onward& onward, const Trace& trace,
             absl::Time deadline) {
  AddDeadline(context, deadline);
  if (!onward.token.empty()) {
    AddMetadata(context, "authorization", absl::StrCat("Bearer ", onward.token));
  }
  AddMetadata(context, "gatehouse-request-id", onward.request_id);
  AddMetadata(context, "gatehouse-client-request-id", onward.client_request_id);
  AddMetadata(context, "gatehouse-client-address", onward.client_address);
  AddMetadata(context, "gatehouse-user-agent", onward.user_agent);
  AddMetadata(context, "traceparent", trace.Traceparent());
}

}  // namespace

Backend::Backend(const std::map<std::string, std::string>& addresses,
                 const std::unique_ptr<Tls>& tls) {
  for (const auto& [name, address] : addresses) services_.try_emplace(name, address, tls);
}

awaitable<absl::Status> Backend::Unary(const std::string& service, const Onward& onward,
                                       const google::protobuf::Message& request,
                                       google::protobuf::Message& response) {
  Span span(onward.trace, Span::Kind::kClient, onward.method);
  ServiceChannel& channel = services_.at(service).channel;
  absl::Status status;
  for (int attempt = 1;; ++attempt) {
    status = co_await Once(channel, channel.Begin(onward.deadline, onward.may_repeat, attempt),
                           onward, span.trace(), request, response);
    const bool again = co_await CallAgain(status, onward.may_repeat, attempt);
    if (!again) break;
  }
  status = UnlessCancelled(std::move(status));
  span.End(status);
  co_return status;
}

awaitable<absl::Status> Backend::Once(ServiceChannel& channel,
                                      const ServiceChannel::Attempt& attempt, const Onward& onward,
                                      const Trace& trace, const google::protobuf::Message& request,
                                      google::protobuf::Message& response) {
  grpc::ClientContext context;
  const EventLoop::CallScope scope(context);
  Prepare(context, onward, trace, attempt.end);
  asio::steady_timer patience(co_await asio::this_coro::executor);
  if (attempt.end == attempt.deadline) {
    patience.expires_after(absl::ToChronoMilliseconds(kPatience));
    // It may run when the call has just ended, and this coroutine with it.
    patience.async_wait([&channel, attempt](boost::system::error_code cancelled) {
      if (!cancelled) channel.LeaveOut(attempt);
    });
  }
  grpc::ByteBuffer answer;
  grpc::Status status;
  const auto call = grpc::GenericStub(attempt.channel)
                        .PrepareUnaryCall(&context, absl::StrCat("/", onward.method),
                                          ToBuffer(request), scope.queue());
  co_await Await([&](Completion* tag) {
    call->StartCall();
    call->Finish(&answer, &status, tag);
  });
  if (!status.ok()) co_return channel.End(attempt, FromGrpc(status));
  if (!FromBuffer(answer, response)) {
    co_return absl::InternalError("the service's answer does not parse");
  }
  co_return absl::OkStatus();
}

std::shared_ptr<Backend::Stream> Backend::Open(const std::string& service, const Onward& onward) {
  Service& to = services_.at(service);
  const std::lock_guard lock(to.mutex);
  if (std::shared_ptr<grpc::Channel> now = to.channel.Get(); now != to.beside) {
    to.lanes.clear();  // A replica hangs, which their connections lead to.
    to.beside = std::move(now);
  }
  for (const std::shared_ptr<Lane>& lane : to.lanes) {
    if (lane.use_count() > kStreamsOfLane) continue;
    return std::make_shared<Stream>(lane, onward, to.channel, to.beside);
  }
  to.lanes.push_back(std::make_shared<Lane>(to.channel.Another()));
  return std::make_shared<Stream>(to.lanes.back(), onward, to.channel, to.beside);
}

Backend::Stream::Stream(std::shared_ptr<Lane> lane, const Onward& onward, ServiceChannel& service,
                        std::shared_ptr<grpc::Channel> channel)
    : lane_(std::move(lane)),
      service_(service),
      channel_(std::move(channel)),
      span_(onward.trace, Span::Kind::kClient, onward.method) {
  Prepare(context_, onward, span_.trace(), onward.deadline);
  call_ = lane_->stub.PrepareCall(&context_, absl::StrCat("/", onward.method), scope_.queue());
}

awaitable<bool> Backend::Stream::Start() {
  co_return co_await Await([this](Completion* tag) { call_->StartCall(tag); });
}

awaitable<bool> Backend::Stream::Write(const google::protobuf::Message& message) {
  const grpc::ByteBuffer buffer = ToBuffer(message);
  co_return co_await Await([&](Completion* tag) { call_->Write(buffer, tag); });
}

awaitable<bool> Backend::Stream::WriteBytes(int field_number, std::string bytes) {
  using google::protobuf::internal::WireFormatLite;
  using google::protobuf::io::CodedOutputStream;
  uint8_t head[20];
  uint8_t* end = WireFormatLite::WriteTagToArray(field_number,
                                                 WireFormatLite::WIRETYPE_LENGTH_DELIMITED, head);
  end = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(bytes.size()), end);
  auto* kept = new std::string(std::move(bytes));
  const std::array<grpc::Slice, 2> slices = {
      grpc::Slice(head, end - head),
      grpc::Slice(
          kept->data(), kept->size(), [](void* text) { delete static_cast<std::string*>(text); },
          kept)};
  const grpc::ByteBuffer buffer(slices.data(), slices.size());
  co_return co_await Await([&](Completion* tag) { call_->Write(buffer, tag); });
}

awaitable<bool> Backend::Stream::WritesDone() {
  co_return co_await Await([this](Completion* tag) { call_->WritesDone(tag); });
}

awaitable<bool> Backend::Stream::Read(google::protobuf::Message& message) {
  const bool read = co_await Await([this](Completion* tag) { call_->Read(&buffer_, tag); });
  if (!read) co_return false;
  const bool parsed = FromBuffer(buffer_, message);
  buffer_.Clear();  // A part of a document that waits for a slow client is held once.
  if (!parsed) Cancel();
  co_return parsed;
}

awaitable<bool> Backend::Stream::ReadFirst(google::protobuf::Message& message, bool give_up) {
  asio::steady_timer patience(co_await asio::this_coro::executor,
                              absl::ToChronoMilliseconds(kPatience));
  // It may run when the message has just come.
  patience.async_wait([self = shared_from_this(), give_up](boost::system::error_code cancelled) {
    if (cancelled || self->begun_) return;
    self->LeaveOut();
    if (give_up) self->Cancel();
  });
  const bool read = co_await Read(message);
  begun_ = true;
  co_return read;
}

awaitable<absl::Status> Backend::Stream::Finish() {
  co_await Await([this](Completion* tag) { call_->Finish(&status_, tag); });
  co_return Ending();
}

absl::Status Backend::Stream::Ending() const {
  const absl::Status status = FromGrpc(status_);
  return cancelled_ ? UnlessCancelled(status) : status;
}

void Backend::Stream::ReadAnswer(google::protobuf::Message& response,
                                 std::function<void()> on_end) {
  const auto self = shared_from_this();
  const auto end = [self, on_end = std::move(on_end)](bool) { self->OnEnd(on_end); };
  call_->Read(&buffer_, new Then([self, end, &response](bool read) {
    if (read && !FromBuffer(self->buffer_, response)) self->Cancel();
    self->call_->Finish(&self->status_, new Then(end));
  }));
}

void Backend::Stream::OnEnd(const std::function<void()>& on_end) {
  ended_ = true;
  // The status is in; what is still being written waits for room that nobody makes.
  context_.TryCancel();
  on_end();
  if (waiting_ != nullptr) waiting_->cancel();
}

awaitable<absl::Status> Backend::Stream::Answered(bool give_up) {
  asio::steady_timer end(co_await asio::this_coro::executor);
  waiting_ = &end;
  for (int waited = 1; !ended_; ++waited) {
    if (waited <= 2) {
      end.expires_after(absl::ToChronoMilliseconds(kPatience));
    } else {
      end.expires_at(asio::steady_timer::time_point::max());
    }
    boost::system::error_code told;
    co_await end.async_wait(asio::redirect_error(asio::use_awaitable, told));
    if (ended_) break;
    LeaveOut();
    if (waited == 2 && give_up) Cancel();
  }
  waiting_ = nullptr;
  co_return Ending();
}

awaitable<bool> Backend::CallAgain(const absl::Status& status, bool may_repeat, int attempt) {
  if (attempt == kAttempts || !MayCallAgain(status, may_repeat)) co_return false;
  asio::steady_timer pause(co_await asio::this_coro::executor,
                           std::chrono::milliseconds(30 * attempt));
  co_await pause.async_wait(asio::use_awaitable);
  co_return true;
}

absl::Status Backend::Ready(absl::Duration patience, absl::Duration settling) {
  const absl::Time end = absl::Now() + patience;
  std::vector<std::string> away;
  for (auto& [name, service] : services_) service.channel.Get()->GetState(true);
  for (auto& [name, service] : services_) {
    if (!service.channel.Get()->WaitForConnected(absl::ToChronoTime(end))) away.push_back(name);
  }
  const std::string names = absl::StrJoin(away, ", ");
  {
    const std::lock_guard lock(mutex_);
    if (names != away_) LogWarning("services.away", {{"services", names}});
    away_ = names;
  }
  settled_ = settled_ || away.empty() || absl::Now() - start_ >= settling;
  if (!settled_) return absl::UnavailableError(absl::StrCat("not reached so far: ", names));
  if (away.size() < services_.size()) return absl::OkStatus();
  return absl::UnavailableError("no service can be reached");
}

}  // namespace gatehouse::gateway
