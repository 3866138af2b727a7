#include "services/common/server_call.h"

#include <google/protobuf/message.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "google/rpc/status.pb.h"
#include "services/common/log.h"

namespace gatehouse {
namespace {

using google::protobuf::Message;

constexpr char kServiceSan[] = "x509_subject_alternative_name";

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status wire = ToRpcStatus(status);
  return {static_cast<grpc::StatusCode>(wire.code()), wire.message(), wire.SerializeAsString()};
}

// The first name in the peer's certificate, if it showed one that our CA signed.
std::string PeerService(const grpc::ServerContextBase& context) {
  const auto peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return "";
  for (const auto& name : peer->FindPropertyValues(kServiceSan)) return {name.data(), name.size()};
  return "";
}

// "ipv4:127.0.0.1:1234" and "ipv6:%5B::1%5D:1234" without scheme and port.
std::string AddressOf(const std::string& peer) {
  const size_t start = peer.find(':') + 1;
  return absl::StrReplaceAll(peer.substr(start, peer.rfind(':') - start),
                             {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
}

}  // namespace

void ServerCall::Await(ServerCore& core) {
  auto* call = new ServerCall(core);
  call->context_.AsyncNotifyWhenDone(&call->gone_);
  core.service.RequestCall(&call->context_, &call->stream_, core.queue.get(), core.queue.get(),
                           &call->arrived_);
}

ServerCall::ServerCall(ServerCore& core) : core_(core) {}

void ServerCall::OnArrived(bool ok) {
  if (!ok) {  // The server is shutting down, and nothing more will be told.
    delete this;
    return;
  }
  Await(core_);
  start_ = absl::Now();
  target_ = core_.dispatch->Find(context_.method());
  if (target_ == nullptr) {
    stream_.Finish({grpc::StatusCode::UNIMPLEMENTED, "there is no such method"}, &finished_);
    return;
  }
  Read();
}

void ServerCall::Read() {
  {
    const std::lock_guard lock(mutex_);
    ++holders_;
  }
  stream_.Read(&incoming_, &read_);
}

void ServerCall::OnRead(bool ok) {
  if (first_) {
    first_ = false;
    if (ok) {
      Receive();
    } else {
      stream_.Finish(ToGrpc(Refuse(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                                   "the request has no message")),
                     &finished_);
    }
    return Release();
  }
  if (!ok) {
    // The client has finished, or is gone: then OnGone() tells within a moment, which we wait for.
    alarm_.Set(core_.queue.get(), absl::ToChronoTime(absl::Now() + absl::Milliseconds(2)), &end_);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    readable_ = true;
    changed_.notify_all();
  }
  Release();
}

void ServerCall::OnEnd(bool) {
  {
    const std::lock_guard lock(mutex_);
    ended_ = readable_ = true;
    changed_.notify_all();
  }
  Release();
}

void ServerCall::OnWritten(bool ok) {
  const std::lock_guard lock(mutex_);
  writable_ = true;
  write_failed_ = !ok;
  changed_.notify_all();
}

void ServerCall::OnGone(bool) {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = context_.IsCancelled();
    changed_.notify_all();
  }
  Release();
}

void ServerCall::OnFinished(bool) { Release(); }

void ServerCall::Release() {
  {
    const std::lock_guard lock(mutex_);
    if (--holders_ > 0) return;
  }
  delete this;
}

Envelope ServerCall::ReadEnvelope() {
  Envelope envelope;
  const auto& metadata = context_.client_metadata();
  const auto text = [&](const char* name) {
    const auto found = metadata.find(name);
    return found == metadata.end() ? std::string()
                                   : std::string(found->second.data(), found->second.size());
  };
  std::string bearer = text("authorization");
  if (absl::StartsWithIgnoreCase(bearer, "bearer ")) envelope.credential = Secret(bearer.substr(7));
  envelope.peer_service = core_.trust_peers ? "trusted" : PeerService(context_);
  envelope.request_id = text("gatehouse-request-id");
  if (metadata.count("gatehouse-organisation") != 0) {
    envelope.organisation_id = text("gatehouse-organisation");
  }
  envelope.client_address = text("gatehouse-client-address");
  envelope.user_agent = text("gatehouse-user-agent");
  envelope.peer_address = AddressOf(context_.peer());
  envelope.deadline = absl::FromChrono(context_.deadline());
  return envelope;
}

void ServerCall::Receive() {
  const auto traceparent = context_.client_metadata().find("traceparent");
  std::optional<Trace> trace;
  if (traceparent != context_.client_metadata().end()) {
    trace = ParseTraceparent({traceparent->second.data(), traceparent->second.size()});
  }
  span_.emplace(trace.has_value() ? *trace : NewTrace(), Span::Kind::kServer, target_->method->name,
                start_);
  call_.trace = span_->trace();
  request_.reset(target_->method->request->New());
  response_.reset(target_->method->response->New());
  if (!FromBuffer(incoming_, *request_)) {
    return Finish(
        Refuse(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", "the request does not parse"),
        nullptr);
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
  WorkerPool& pool = method.unary ? *core_.workers : *core_.streams;
  if (method.client_streaming) Read();
  if (!pool.Run([this] { RunHandler(); })) Finish(absl::UnavailableError("busy"), nullptr);
}

void ServerCall::RunHandler() {
  absl::Status status;
  {
    const CallScope scope(call_);
    try {
      status = Handle();
    } catch (const std::exception& exception) {
      status = absl::InternalError(absl::StrCat("exception: ", exception.what()));
    }
  }
  Finish(status, target_->method->download ? nullptr : response_.get());
}

absl::Status ServerCall::Handle() {
  const Method& method = *target_->method;
  if (absl::Now() >= call_.deadline) return absl::DeadlineExceededError("waited too long");
  if (method.unary) return method.unary(call_, *request_, *response_);
  if (method.upload) {
    return method.upload(
        call_, *request_, [this](Message& message) { return ReadNext(message); }, *response_);
  }
  return method.download(call_, *request_,
                         [this](const Message& message) { return WriteNext(message); });
}

bool ServerCall::WaitUntil(std::unique_lock<std::mutex>& lock, bool ServerCall::*condition) {
  return changed_.wait_until(lock, absl::ToChronoTime(call_.deadline),
                             [&] { return this->*condition || cancelled_; });
}

absl::StatusOr<bool> ServerCall::ReadNext(Message& message) {
  std::unique_lock lock(mutex_);
  if (!WaitUntil(lock, &ServerCall::readable_)) {
    context_.TryCancel();
    return absl::DeadlineExceededError("the upload took too long");
  }
  if (cancelled_) return absl::CancelledError("the client is gone");
  if (ended_) return false;
  readable_ = false;
  lock.unlock();
  if (!FromBuffer(incoming_, message)) {
    return Refuse(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                  "a message does not parse");
  }
  incoming_.Clear();
  Read();  // The next one comes in while this one is worked on.
  return true;
}

absl::Status ServerCall::WriteNext(const Message& message) {
  const grpc::ByteBuffer buffer = ToBuffer(message);
  std::unique_lock lock(mutex_);
  if (!WaitUntil(lock, &ServerCall::writable_)) {
    context_.TryCancel();
    return absl::DeadlineExceededError("the download took too long");
  }
  if (cancelled_ || write_failed_) return absl::CancelledError("the client is gone");
  writable_ = false;
  lock.unlock();
  stream_.Write(buffer, &written_);
  return absl::OkStatus();
}

void ServerCall::Finish(const absl::Status& status, const Message* response) {
  {
    // One write at a time: the last message must have left before the status may.
    std::unique_lock lock(mutex_);
    if (!WaitUntil(lock, &ServerCall::writable_)) context_.TryCancel();
    changed_.wait(lock, [&] { return writable_; });
  }
  Account(target_->method->name, call_, status, absl::Now() - start_);
  span_->End(status);
  span_.reset();
  if (status.ok() && response != nullptr) {
    stream_.WriteAndFinish(ToBuffer(*response), {}, grpc::Status::OK, &finished_);
  } else {
    stream_.Finish(ToGrpc(status), &finished_);
  }
}

}  // namespace gatehouse
