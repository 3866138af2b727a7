#include "services/common/rpc/server_call.h"

#include <google/protobuf/message.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "google/rpc/status.pb.h"
#include "services/common/base/random.h"
#include "services/common/rpc/metadata.h"
#include "services/common/rpc/page_cut.h"

namespace gatehouse {
namespace {

constexpr char kServiceSan[] = "x509_subject_alternative_name";
constexpr int kFieldOverhead = 32;  // RFC 9113, 10.5.1.
constexpr int kAwaited = 4;  // Calls of one method that may arrive before the polling thread looks.

// The first name in the peer's certificate, if it showed one that our CA signed.
std::string PeerOf(const grpc::ServerContextBase& context) {
  const auto peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return "";
  for (const auto& name : peer->FindPropertyValues(kServiceSan)) {
    const std::string first(name.data(), name.size());
    return first == kTrustedPeer ? "" : first;
  }
  return "";
}

// "ipv4:127.0.0.1:1234" and "ipv6:%5B::1%5D:1234" without scheme and port.
std::string AddressOf(const std::string& peer) {
  const size_t start = peer.find(':') + 1;
  return absl::StrReplaceAll(peer.substr(start, peer.rfind(':') - start),
                             {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
}

}  // namespace

absl::Time ToTime(gpr_timespec deadline) {
  const gpr_timespec time = gpr_convert_clock_type(deadline, GPR_CLOCK_REALTIME);
  // Of years ahead nothing is left in a std::chrono time, which counts nanoseconds.
  return absl::FromUnixSeconds(time.tv_sec) + absl::Nanoseconds(time.tv_nsec);
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status wire = ToRpcStatus(status);
  FitIntoTrailers(wire);
  return {static_cast<grpc::StatusCode>(wire.code()), wire.message(), wire.SerializeAsString()};
}

Envelope ServerCall::ReadEnvelope() {
  Envelope envelope;
  const auto& metadata = context_.client_metadata();
  const auto raw = [&](const char* name) {
    const auto found = metadata.find(name);
    return found == metadata.end() ? absl::string_view()
                                   : absl::string_view(found->second.data(), found->second.size());
  };
  const auto text = [&](const char* name) { return UnescapeMetadata(raw(name)); };
  // A CRM's own library writes this one, which escapes nothing.
  const std::string bearer(raw("authorization"));
  if (absl::StartsWithIgnoreCase(bearer, "bearer ")) envelope.credential = Secret(bearer.substr(7));
  envelope.peer = core_.trust_peers ? kTrustedPeer : PeerOf(context_);
  envelope.request_id = text("gatehouse-request-id");
  envelope.client_request_id = text("gatehouse-client-request-id");
  envelope.peer_request_id = std::string(raw("x-request-id"));
  if (metadata.count("gatehouse-organisation") != 0) {
    envelope.organisation_id = text("gatehouse-organisation");
  }
  envelope.client_address = text("gatehouse-client-address");
  envelope.user_agent = text("gatehouse-user-agent");
  envelope.peer_address = AddressOf(context_.peer());
  envelope.deadline = ToTime(context_.raw_deadline());
  envelope.caller_deadline = ParseDeadline(raw(kDeadlineMetadata));
  for (const auto& [name, value] : metadata) {
    envelope.metadata_bytes += static_cast<int64_t>(name.size() + value.size()) + kFieldOverhead;
  }
  return envelope;
}

// The trace that the request belongs to; a stranger's word does not make us record more.
Trace ServerCall::ReadTrace() const {
  const auto traceparent = context_.client_metadata().find("traceparent");
  if (traceparent == context_.client_metadata().end()) return NewTrace();
  auto trace = ParseTraceparent({traceparent->second.data(), traceparent->second.size()});
  if (!trace.has_value()) return NewTrace();
  if (!from_service_) trace->sampled = trace->sampled && NewTrace().sampled;
  return *trace;
}

void ServerCall::Receive(const Dispatch::Target& target, grpc::ByteBuffer& message) {
  target_ = &target;
  start_ = absl::Now();
  const std::string peer = core_.trust_peers ? kTrustedPeer : PeerOf(context_);
  from_service_ = !peer.empty() && peer != kFront;
  span_.emplace(ReadTrace(), Span::Kind::kServer, target_->method->name, start_);
  call_.trace = span_->trace();
  request_.reset(target_->method->request->New());
  response_.reset(target_->method->response->New());
  if (!FromBuffer(message, *request_)) {
    return Finish(Refuse(common::v1::INVALID_REQUEST, "the request does not parse"), nullptr);
  }
  Begin(false);
}

// On the polling thread first; if identity must be asked, once more on a worker.
void ServerCall::Begin(bool may_block) {
  bool must_block = false;
  absl::Status status =
      core_.dispatch->Identify(ReadEnvelope(), *target_, may_block, call_, must_block);
  if (status.ok() && !must_block) status = Dispatch::Admit(*target_, call_, *request_);
  if (!status.ok()) return Finish(status, nullptr);
  if (must_block) {
    if (!core_.workers->Run([this] { Begin(true); }))
      Finish(absl::UnavailableError("busy"), nullptr);
    return;
  }
  const Method& method = *target_->method;
  if (method.blocking == Blocking::kNever) return RunHandler();
  WorkerPool& pool = method.unary ? *core_.workers : *core_.stream_workers;
  if (!pool.Run([this] { RunHandler(); })) Finish(absl::UnavailableError("busy"), nullptr);
}

void ServerCall::RunHandler() {
  std::optional<absl::Status> status;
  {
    const CallScope scope(call_);
    try {
      status =
          absl::Now() < call_.deadline ? Handle() : absl::DeadlineExceededError("took too long");
    } catch (const std::exception& exception) {
      status = absl::InternalError(absl::StrCat("exception: ", exception.what()));
    }
  }
  if (!status.has_value()) return Continue();
  Finish(*status, target_->method->download ? nullptr : response_.get());
}

void ServerCall::AccountFor(const absl::Status& status) {
  // By this a CRM's developer and we speak of the same call; a service has given the id itself.
  if (!from_service_) context_.AddTrailingMetadata("x-request-id", call_.request_id);
  Account(target_->method->name, call_, status, absl::Now() - start_);
  span_->End(status);
  span_.reset();
}

// Two events: it has arrived, whole, and its answer has left.
class UnaryCall : public ServerCall {
 public:
  UnaryCall(UnaryService& service, int index)
      : ServerCall(service.core_, context_), service_(service), index_(index) {
    grpc::ServerCompletionQueue* const queue = core_.queue.get();
    service_.RequestAsyncUnary(index_, &context_, &incoming_, &writer_, queue, queue, &arrived_);
  }

 private:
  void OnArrived(bool ok) {
    if (!ok) {  // The server is shutting down.
      delete this;
      return;
    }
    service_.Await(index_);
    Receive(*service_.targets_[index_], incoming_);
  }

  // A page that is too large for a message is read again, with fewer rows: reading changes nothing.
  std::optional<absl::Status> Handle() override {
    absl::Status status = target_->method->unary(call_, *request_, *response_);
    while (status.ok() && HalvePage(*response_, *request_)) {
      response_->Clear();
      status = target_->method->unary(call_, *request_, *response_);
    }
    return status;
  }

  void Finish(const absl::Status& status, const google::protobuf::Message* response) override {
    AccountFor(status);
    if (status.ok()) {
      writer_.Finish(ToBuffer(*response), grpc::Status::OK, &finished_);
    } else {
      writer_.FinishWithError(ToGrpc(status), &finished_);
    }
  }

  void OnFinished(bool) { delete this; }

  using Event = ServerCall::Event<UnaryCall>;
  UnaryService& service_;
  const int index_;
  grpc::ServerContext context_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_{&context_};
  grpc::ByteBuffer incoming_;
  Event arrived_{*this, &UnaryCall::OnArrived}, finished_{*this, &UnaryCall::OnFinished};
};

UnaryService::UnaryService(ServerCore& core, const std::string& name,
                           const std::vector<const Dispatch::Target*>& targets)
    : core_(core) {
  for (const Dispatch::Target* target : targets) {
    if (!target->method->unary || !absl::StartsWith(target->method->name, name + "/")) continue;
    targets_.push_back(target);
  }
  // gRPC keeps pointers to the paths.
  for (const Dispatch::Target* target : targets_) {
    paths_.push_back("/" + target->method->name);
  }
  for (int i = 0; i < static_cast<int>(paths_.size()); ++i) {
    AddMethod(new grpc::internal::RpcServiceMethod(paths_[i].c_str(),
                                                   grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRaw(i);
  }
}

void UnaryService::Await() {
  for (int i = 0; i < kAwaited * static_cast<int>(targets_.size()); ++i) Await(i / kAwaited);
}

void UnaryService::Await(int index) { new UnaryCall(*this, index); }

}  // namespace gatehouse
