#include "services/common/rpc/client.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <future>
#include <shared_mutex>
#include <thread>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "google/rpc/status.pb.h"
#include "services/common/base/caller.h"
#include "services/common/base/status.h"
#include "services/common/rpc/channel.h"
#include "services/common/rpc/metadata.h"
#include "services/common/rpc/method_rules.h"
#include "services/common/rpc/service_channel.h"

namespace gatehouse {

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

using Answered = std::function<void(absl::Status, grpc::ByteBuffer&)>;

struct UnaryCall : Completion {
  std::shared_ptr<ServiceChannel> service;
  ServiceChannel::Attempt attempt;
  grpc::ClientContext context;
  grpc::ByteBuffer response;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  Answered done;

  void Done(bool) override {
    // The reader lives in the call's arena, which the context owns: it goes first.
    reader.reset();
    done(service->End(attempt, FromGrpc(status)), response);
    delete this;
  }
};

void Prepare(grpc::ClientContext& context, const std::string& organisation_id, const Trace& trace,
             absl::Time deadline) {
  const gatehouse::Call& current = gatehouse::Call::Current();
  AddDeadline(context, deadline);
  AddMetadata(context, "gatehouse-organisation", organisation_id);
  if (!trace.trace_id.empty()) AddMetadata(context, "traceparent", trace.Traceparent());
  if (current.request_id.empty()) return;
  AddMetadata(context, "gatehouse-request-id", current.request_id);
  AddMetadata(context, "gatehouse-client-request-id", current.client_request_id);
  AddMetadata(context, "gatehouse-client-address", current.client_address);
  AddMetadata(context, "gatehouse-user-agent", current.user_agent);
}

// Makes one attempt of a call.
void StartCall(const std::shared_ptr<ServiceChannel>& service,
               const ServiceChannel::Attempt& attempt, absl::string_view method,
               const std::string& organisation_id, const std::string& request, const Trace& trace,
               Answered done) {
  auto* call = new UnaryCall;
  call->service = service;
  call->attempt = attempt;
  call->done = std::move(done);
  Prepare(call->context, organisation_id, trace, attempt.end);
  const grpc::Slice slice(request);
  const QueueLease queue;
  call->reader = grpc::GenericStub(attempt.channel)
                     .PrepareUnaryCall(&call->context, absl::StrCat("/", method),
                                       grpc::ByteBuffer(&slice, 1), queue.get());
  call->reader->StartCall();
  call->reader->Finish(&call->response, &call->status, call);
}

}  // namespace

Client::Client(const std::string& address, const std::unique_ptr<Tls>& tls)
    : service_(std::make_shared<ServiceChannel>(address, tls)) {}
Client::~Client() = default;

void Client::Start(absl::string_view method, const std::string& organisation_id,
                   const std::string& request, absl::Time deadline,
                   std::function<void(absl::Status)> done) {
  StartCall(service_, service_->Begin(deadline, false, 1), method, organisation_id, request,
            gatehouse::Call::Current().trace,
            [done = std::move(done)](absl::Status status, grpc::ByteBuffer&) {
              done(std::move(status));
            });
}

namespace {

// A peer that does not let this service in refuses us, and not whoever called us: they would read
// that their credential is not good.
absl::Status UnlessAboutUs(absl::Status status) {
  const std::string reason = ReasonOf(status);
  if (reason != common::v1::Reason_Name(common::v1::CREDENTIAL_MISSING) &&
      reason != common::v1::Reason_Name(common::v1::WRONG_AUDIENCE)) {
    return status;
  }
  return absl::UnavailableError(absl::StrCat("it refuses this service: ", status.message()));
}

// One attempt; the queue may tell of it when nobody asks any more.
struct Answer {
  std::promise<void> came;
  absl::Status status;
  grpc::ByteBuffer bytes;
};

class Pending : public PendingCall {
 public:
  Pending(std::shared_ptr<ServiceChannel> service, const std::string& method,
          std::string organisation_id, const google::protobuf::Message& request)
      : service_(std::move(service)),
        method_(method),
        organisation_id_(std::move(organisation_id)),
        request_(request.SerializeAsString()),
        rules_(FindMethodRules(method)),
        may_repeat_(rules_ != nullptr && MayRepeat(*rules_, request)),
        span_(gatehouse::Call::Current().trace, Span::Kind::kClient, method) {
    if (rules_ == nullptr) return;
    deadline_ = std::min(gatehouse::Call::Current().deadline, absl::Now() + rules_->deadline);
    Start(1);
  }

  absl::Status Finish(google::protobuf::Message& response) override {
    absl::Status status = rules_ == nullptr
                              ? absl::InternalError(absl::StrCat("no such RPC: ", method_))
                              : AwaitAnswer(response);
    status = UnlessAboutUs(UnlessCancelled(std::move(status)));
    span_.End(status);
    return status;
  }

 private:
  void Start(int number) {
    answer_ = std::make_shared<Answer>();
    attempt_ = service_->Begin(deadline_, may_repeat_, number);
    StartCall(service_, attempt_, method_, organisation_id_, request_, span_.trace(),
              [answer = answer_](absl::Status status, grpc::ByteBuffer& bytes) {
                answer->status = std::move(status);
                answer->bytes.Swap(&bytes);
                answer->came.set_value();
              });
  }

  void AwaitAttempt() {
    const std::future<void> came = answer_->came.get_future();
    const auto patience = absl::ToChronoMilliseconds(kPatience);
    // An attempt that is given up early tells by its end who hangs.
    const bool told = attempt_.end < attempt_.deadline;
    if (!told && came.wait_for(patience) == std::future_status::timeout) {
      service_->LeaveOut(attempt_);
    }
    came.wait();
  }

  absl::Status AwaitAnswer(google::protobuf::Message& response) {
    for (int number = 1;; ++number) {
      AwaitAttempt();
      const absl::Status& status = answer_->status;
      if (status.ok()) {
        return FromBuffer(answer_->bytes, response)
                   ? absl::OkStatus()
                   : absl::InternalError("the response does not parse");
      }
      const absl::Duration pause =
          absl::Milliseconds(absl::Uniform(absl::BitGen(), 20, 60 * number));
      const bool again = number < kAttempts && MayCallAgain(status, may_repeat_);
      if (!again || absl::Now() + pause >= deadline_) return status;
      absl::SleepFor(pause);
      Start(number + 1);
    }
  }

  const std::shared_ptr<ServiceChannel> service_;
  const std::string method_, organisation_id_, request_;
  const MethodRules* const rules_;
  const bool may_repeat_;
  Span span_;
  absl::Time deadline_;
  ServiceChannel::Attempt attempt_;
  std::shared_ptr<Answer> answer_;
};

}  // namespace

std::unique_ptr<PendingCall> Client::Begin(const std::string& method,
                                           const std::string& organisation_id,
                                           const google::protobuf::Message& request) {
  return std::make_unique<Pending>(service_, method, organisation_id, request);
}

std::string NameOf(const google::protobuf::MethodDescriptor& method) {
  return absl::StrCat(method.service()->full_name(), "/", method.name());
}

}  // namespace gatehouse
