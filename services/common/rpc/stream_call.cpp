#include "services/common/rpc/stream_call.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"

namespace gatehouse {
namespace {

absl::Status Gone() { return absl::CancelledError("the client is gone"); }

absl::Status TooSlow() {
  return Refuse(common::v1::STREAM_TOO_SLOW,
                "the transfer was too slow for too long: try again over a better connection");
}

}  // namespace

void StreamCall::Await(ServerCore& core, grpc::AsyncGenericService& service) {
  auto* call = new StreamCall(core, service);
  call->context_.AsyncNotifyWhenDone(&call->gone_);
  service.RequestCall(&call->context_, &call->stream_, core.queue.get(), core.queue.get(),
                      &call->arrived_);
}

StreamCall::StreamCall(ServerCore& core, grpc::AsyncGenericService& service)
    : ServerCall(core, context_),
      service_(service),
      pace_(core.streams->limits().rate_min, core.streams->limits().grace) {}

void StreamCall::OnArrived(bool ok) {
  if (!ok) {  // The server is shutting down, and nothing more will be told.
    delete this;
    return;
  }
  Await(core_, service_);
  if (core_.dispatch->Find(context_.method()) == nullptr) {
    stream_.Finish({grpc::StatusCode::UNIMPLEMENTED, "there is no such method"}, &finished_);
    return;
  }
  if (const absl::Status joined = core_.streams->Join(*this); !joined.ok()) {
    stream_.Finish(ToGrpc(joined), &finished_);
    return;
  }
  Read();
}

void StreamCall::Read() {
  {
    const std::lock_guard lock(mutex_);
    ++holders_;
    pace_.Wait(absl::Now(), 0);
  }
  incoming_.Clear();
  stream_.Read(&incoming_, &read_);
}

void StreamCall::OnRead(bool ok) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    pace_.Moved(absl::Now(), ok ? static_cast<int64_t>(incoming_.Length()) : 0);
    first = std::exchange(first_, false);
    readable_ = ok && !first;
  }
  if (first) {
    ReceiveFirst(ok);
  } else if (ok) {
    Advance();
  } else {
    // The client has finished, or is gone: then OnGone() tells within a moment, which we wait for.
    alarm_.Set(core_.queue.get(), absl::ToChronoTime(absl::Now() + absl::Milliseconds(2)), &end_);
    return;
  }
  Release();
}

void StreamCall::ReceiveFirst(bool ok) {
  if (ok) return Receive(*core_.dispatch->Find(context_.method()), incoming_);
  core_.streams->Leave(*this);
  stream_.Finish(ToGrpc(Refuse(common::v1::INVALID_REQUEST, "the request has no message")),
                 &finished_);
}

void StreamCall::OnEnd(bool) {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  Advance();
  Release();
}

void StreamCall::OnWritten(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    pace_.Moved(absl::Now(), 0);
    if (!ok && !stopped_.has_value()) stopped_ = Gone();
  }
  Advance();
}

void StreamCall::OnGone(bool) {
  {
    const std::lock_guard lock(mutex_);
    if (context_.IsCancelled() && !stopped_.has_value()) stopped_ = Gone();
  }
  Advance();
  Release();
}

void StreamCall::OnFinished(bool) { Release(); }

void StreamCall::Release() {
  {
    const std::lock_guard lock(mutex_);
    if (--holders_ > 0) return;
  }
  delete this;
}

void StreamCall::Look(absl::Time now) {
  absl::Status status;
  {
    const std::lock_guard lock(mutex_);
    if (now >= deadline_) {
      status = absl::DeadlineExceededError("the transfer took too long");
    } else if (now >= pace_.End()) {
      status = TooSlow();
    }
  }
  if (!status.ok()) End(status);
}

void StreamCall::End(const absl::Status& status) {
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_.has_value() || finishing_) return;
    stopped_ = status;
    waits = first_ || writing_;
  }
  // What waits for the peer in gRPC ends by this alone, and takes the status with it.
  if (waits) context_.TryCancel();
  Advance();
}

void StreamCall::Drain() {
  {
    const std::lock_guard lock(mutex_);
    if (!waiting_) return;
  }
  End(absl::UnavailableError("the server is going: another one goes on"));
}

// Has a worker do the next step, if there is one.
void StreamCall::Advance() {
  {
    const std::lock_guard lock(mutex_);
    if (working_ || finishing_ || writing_) return;
    const bool gives = source_ != nullptr && !waiting_;
    if (!stopped_.has_value() && !readable_ && !ended_ && !gives) return;
    working_ = true;
  }
  // The workers are there until the last call has gone.
  (void)core_.stream_workers->Run([this] { RunHandler(); });
}

void StreamCall::Continue() {
  {
    const std::lock_guard lock(mutex_);
    working_ = false;
  }
  Advance();
}

std::optional<absl::Status> StreamCall::Handle() {
  const absl::StatusOr<bool> goes_on = Step();
  if (goes_on.value_or(false)) return std::nullopt;
  sink_.reset();
  source_.reset();
  return goes_on.status();
}

// Whether the call goes on.
absl::StatusOr<bool> StreamCall::Step() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_.has_value()) return *stopped_;
  }
  if (sink_ == nullptr && source_ == nullptr) {
    RETURN_IF_ERROR(Open());
    if (sink_ != nullptr) return TakeAndRead();
  }
  if (source_ != nullptr) return Send();
  return Take();
}

absl::Status StreamCall::Open() {
  RETURN_IF_ERROR(core_.streams->Claim(*this, call_));
  // Whatever is revoked from here on ends it; whatever was before is known.
  RETURN_IF_ERROR(core_.dispatch->CheckNotRevoked(call_.caller));
  {
    const std::lock_guard lock(mutex_);
    deadline_ = call_.deadline;
  }
  const Method& method = *target_->method;
  if (method.upload) {
    ASSIGN_OR_RETURN(sink_, method.upload(call_, *request_));
  } else {
    ASSIGN_OR_RETURN(source_, method.download(call_, *request_));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> StreamCall::Take() {
  bool arrived = false, ended = false;
  {
    const std::lock_guard lock(mutex_);
    arrived = std::exchange(readable_, false);
    ended = ended_;
  }
  if (!arrived) {  // A message that has come is taken before the end is seen.
    if (ended) return Commit();
    return true;
  }
  if (!FromBuffer(incoming_, *request_)) {
    return Refuse(common::v1::INVALID_REQUEST, "a message does not parse");
  }
  return TakeAndRead();
}

absl::StatusOr<bool> StreamCall::TakeAndRead() {
  Read();  // The next one comes in while this one is worked on.
  ASSIGN_OR_RETURN(const bool more, sink_->TakeMessage(*request_));
  if (more) return true;
  return Commit();
}

absl::StatusOr<bool> StreamCall::Commit() {
  if (!core_.streams->MayCommit(*this)) {
    const std::lock_guard lock(mutex_);
    return *stopped_;
  }
  const auto committed = absl::MakeCleanup([this] { core_.streams->Committed(*this); });
  RETURN_IF_ERROR(sink_->EndInto(*response_));
  return false;
}

// What tells that there is something may do so before this has ended.
bool StreamCall::Waits() {
  {
    const std::lock_guard lock(mutex_);
    waiting_ = true;
  }
  const auto go_on = [this] {
    const std::lock_guard lock(mutex_);
    waiting_ = false;
  };
  const bool waits = source_->Waits([this, go_on] {
    go_on();
    Advance();
  });
  if (!waits) go_on();
  return waits;
}

absl::StatusOr<bool> StreamCall::Send() {
  if (Waits()) return true;
  response_->Clear();
  ASSIGN_OR_RETURN(const bool more, source_->NextMessage(*response_));
  if (!more) return false;
  const grpc::ByteBuffer buffer = ToBuffer(*response_);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_.has_value()) return *stopped_;
    writing_ = true;
    pace_.Wait(absl::Now(), static_cast<int64_t>(buffer.Length()));
  }
  stream_.Write(buffer, &written_);
  return true;
}

void StreamCall::Finish(const absl::Status& status, const google::protobuf::Message* response) {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  core_.streams->Leave(*this);
  AccountFor(status);
  if (status.ok() && response != nullptr) {
    stream_.WriteAndFinish(ToBuffer(*response), {}, grpc::Status::OK, &finished_);
  } else {
    stream_.Finish(ToGrpc(status), &finished_);
  }
}

}  // namespace gatehouse
