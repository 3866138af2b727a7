#include "services/common/rpc/client.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <atomic>
#include <shared_mutex>
#include <thread>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "google/rpc/status.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/status.h"
#include "services/common/rpc/channel.h"
#include "services/common/rpc/metadata.h"
#include "services/common/rpc/method_rules.h"

namespace gatehouse {

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address,
                                           const std::unique_ptr<Tls>& tls) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName("round_robin");
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1000);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 256 << 10);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 256 << 10);
  // Channels to one address are not shared, so that a test's client dies with its server.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, ChannelCredentialsOf(tls), arguments);
}

grpc::CompletionQueue& ClientQueue() {
  // Lives as long as the process: calls may end until then.
  static grpc::CompletionQueue& queue = *[] {
    auto* made = new grpc::CompletionQueue;
    std::thread([made] {
      void* tag = nullptr;
      bool ok = false;
      while (made->Next(&tag, &ok)) static_cast<Completion*>(tag)->Done(ok);
    }).detach();
    return made;
  }();
  return queue;
}

namespace {

std::shared_mutex offer;  // Held by every lease.
grpc::CompletionQueue* offered = nullptr;

}  // namespace

QueueLease::QueueLease() {
  offer.lock_shared();
  queue_ = offered != nullptr ? offered : &ClientQueue();
}

QueueLease::~QueueLease() { offer.unlock_shared(); }

void OfferQueue(grpc::CompletionQueue* queue) {
  const std::unique_lock lock(offer);
  offered = queue;
}

void WithdrawQueue(grpc::CompletionQueue* queue) {
  const std::unique_lock lock(offer);
  if (offered == queue) offered = nullptr;
}

grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message) {
  grpc::ByteBuffer buffer;
  bool own = false;
  (void)grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(message, &buffer,
                                                                                   &own);
  return buffer;
}

bool FromBuffer(grpc::ByteBuffer& buffer, google::protobuf::Message& message) {
  grpc::ProtoBufferReader reader(&buffer);
  return message.ParseFromZeroCopyStream(&reader);
}

absl::Status FromGrpc(const grpc::Status& status) {
  google::rpc::Status details;
  if (!status.ok() && details.ParseFromString(status.error_details()) &&
      details.code() == static_cast<int>(status.error_code())) {
    return FromRpcStatus(details);
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

bool MayCallAgain(const absl::Status& status, bool may_repeat) {
  if (absl::IsCancelled(status)) return true;
  return may_repeat && absl::IsUnavailable(status) && ReasonOf(status).empty();
}

absl::Status UnlessCancelled(absl::Status status) {
  if (absl::IsCancelled(status)) return absl::UnavailableError("the server cancelled the call");
  return status;
}

namespace {

constexpr int kAttempts = 3;

struct UnaryCall : Completion {
  grpc::ClientContext context;
  grpc::ByteBuffer response;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  std::function<void(absl::Status, grpc::ByteBuffer&)> done;

  void Done(bool) override {
    // The reader lives in the call's arena, which the context owns: it goes first.
    reader.reset();
    done(FromGrpc(status), response);
    delete this;
  }
};

}  // namespace

class Client::Channel {
 public:
  Channel(const std::string& address, const std::unique_ptr<Tls>& tls)
      : stub_(MakeChannel(address, tls)) {}

  void Start(absl::string_view method, const std::string& organisation_id,
             const std::string& request, const Trace& trace, absl::Time deadline,
             std::function<void(absl::Status, grpc::ByteBuffer&)> done) {
    auto* call = new UnaryCall;
    const gatehouse::Call& current = gatehouse::Call::Current();
    call->done = std::move(done);
    call->context.set_deadline(absl::ToChronoTime(deadline));
    AddMetadata(call->context, "gatehouse-organisation", organisation_id);
    if (!trace.trace_id.empty()) AddMetadata(call->context, "traceparent", trace.Traceparent());
    if (!current.request_id.empty()) {
      AddMetadata(call->context, "gatehouse-request-id", current.request_id);
      AddMetadata(call->context, "gatehouse-client-request-id", current.client_request_id);
      AddMetadata(call->context, "gatehouse-client-address", current.client_address);
      AddMetadata(call->context, "gatehouse-user-agent", current.user_agent);
    }
    const grpc::Slice slice(request);
    const QueueLease queue;
    call->reader = stub_.PrepareUnaryCall(&call->context, absl::StrCat("/", method),
                                          grpc::ByteBuffer(&slice, 1), queue.get());
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, call);
  }

 private:
  grpc::GenericStub stub_;
};

Client::Client(const std::string& address, const std::unique_ptr<Tls>& tls)
    : channel_(std::make_shared<Channel>(address, tls)) {}
Client::~Client() = default;

void Client::Start(absl::string_view method, const std::string& organisation_id,
                   const std::string& request, absl::Time deadline,
                   std::function<void(absl::Status)> done) {
  channel_->Start(method, organisation_id, request, gatehouse::Call::Current().trace, deadline,
                  [done = std::move(done)](absl::Status status, grpc::ByteBuffer&) {
                    done(std::move(status));
                  });
}

namespace {

// One attempt; the queue may tell of it when nobody asks any more.
struct Attempt {
  absl::Notification finished;
  absl::Status status;
  grpc::ByteBuffer answer;
};

}  // namespace

class Client::Pending : public PendingCall {
 public:
  Pending(std::shared_ptr<Channel> channel, const std::string& method, std::string organisation_id,
          const google::protobuf::Message& request)
      : channel_(std::move(channel)),
        method_(method),
        organisation_id_(std::move(organisation_id)),
        request_(request.SerializeAsString()),
        rules_(FindMethodRules(method)),
        span_(gatehouse::Call::Current().trace, Span::Kind::kClient, method) {
    if (rules_ == nullptr) return;
    deadline_ = std::min(gatehouse::Call::Current().deadline, absl::Now() + rules_->deadline);
    Start();
  }

  absl::Status Finish(google::protobuf::Message& response) override {
    absl::Status status = rules_ == nullptr
                              ? absl::InternalError(absl::StrCat("no such RPC: ", method_))
                              : AwaitAnswer(response);
    status = UnlessCancelled(std::move(status));
    span_.End(status);
    return status;
  }

 private:
  void Start() {
    attempt_ = std::make_shared<Attempt>();
    channel_->Start(method_, organisation_id_, request_, span_.trace(), deadline_,
                    [attempt = attempt_](absl::Status status, grpc::ByteBuffer& answer) {
                      attempt->status = std::move(status);
                      attempt->answer.Swap(&answer);
                      attempt->finished.Notify();
                    });
  }

  absl::Status AwaitAnswer(google::protobuf::Message& response) {
    for (int attempts = 1;; ++attempts) {
      attempt_->finished.WaitForNotification();
      const absl::Status& status = attempt_->status;
      if (status.ok()) {
        return FromBuffer(attempt_->answer, response)
                   ? absl::OkStatus()
                   : absl::InternalError("the response does not parse");
      }
      const absl::Duration pause =
          absl::Milliseconds(absl::Uniform(absl::BitGen(), 20, 60 * attempts));
      const bool again = attempts < kAttempts && MayCallAgain(status, rules_->may_repeat);
      if (!again || absl::Now() + pause >= deadline_) return status;
      absl::SleepFor(pause);
      Start();
    }
  }

  const std::shared_ptr<Channel> channel_;
  const std::string method_, organisation_id_, request_;
  const MethodRules* const rules_;
  Span span_;
  absl::Time deadline_;
  std::shared_ptr<Attempt> attempt_;
};

std::unique_ptr<PendingCall> Client::Begin(const std::string& method,
                                           const std::string& organisation_id,
                                           const google::protobuf::Message& request) {
  return std::make_unique<Pending>(channel_, method, organisation_id, request);
}

std::string NameOf(const google::protobuf::MethodDescriptor& method) {
  return absl::StrCat(method.service()->full_name(), "/", method.name());
}

}  // namespace gatehouse
