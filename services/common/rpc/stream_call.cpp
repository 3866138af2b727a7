#include "services/common/rpc/stream_call.h"

#include <google/protobuf/message.h>

#include "absl/time/clock.h"

namespace gatehouse {

using google::protobuf::Message;

void StreamCall::Await(ServerCore& core, grpc::AsyncGenericService& service) {
  auto* call = new StreamCall(core, service);
  call->context_.AsyncNotifyWhenDone(&call->gone_);
  service.RequestCall(&call->context_, &call->stream_, core.queue.get(), core.queue.get(),
                      &call->arrived_);
}

StreamCall::StreamCall(ServerCore& core, grpc::AsyncGenericService& service)
    : ServerCall(core, context_), service_(service) {}

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
  Read();
}

void StreamCall::Read() {
  {
    const std::lock_guard lock(mutex_);
    ++holders_;
  }
  stream_.Read(&incoming_, &read_);
}

void StreamCall::OnRead(bool ok) {
  if (first_) {
    first_ = false;
    if (ok) {
      Receive(*core_.dispatch->Find(context_.method()), incoming_);
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

void StreamCall::OnEnd(bool) {
  {
    const std::lock_guard lock(mutex_);
    ended_ = readable_ = true;
    changed_.notify_all();
  }
  Release();
}

void StreamCall::OnWritten(bool ok) {
  const std::lock_guard lock(mutex_);
  writable_ = true;
  write_failed_ = !ok;
  changed_.notify_all();
}

void StreamCall::OnGone(bool) {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = context_.IsCancelled();
    changed_.notify_all();
  }
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

absl::Status StreamCall::Handle() {
  const Method& method = *target_->method;
  if (method.upload) {
    Read();
    return method.upload(
        call_, *request_, [this](Message& message) { return ReadNext(message); }, *response_);
  }
  return method.download(call_, *request_,
                         [this](const Message& message) { return WriteNext(message); });
}

bool StreamCall::WaitUntil(std::unique_lock<std::mutex>& lock, bool StreamCall::*condition) {
  return changed_.wait_until(lock, absl::ToChronoTime(call_.deadline),
                             [&] { return this->*condition || cancelled_; });
}

absl::StatusOr<bool> StreamCall::ReadNext(Message& message) {
  std::unique_lock lock(mutex_);
  if (!WaitUntil(lock, &StreamCall::readable_)) {
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

absl::Status StreamCall::WriteNext(const Message& message) {
  const grpc::ByteBuffer buffer = ToBuffer(message);
  std::unique_lock lock(mutex_);
  if (!WaitUntil(lock, &StreamCall::writable_)) {
    context_.TryCancel();
    return absl::DeadlineExceededError("the download took too long");
  }
  if (cancelled_ || write_failed_) return absl::CancelledError("the client is gone");
  writable_ = false;
  lock.unlock();
  stream_.Write(buffer, &written_);
  return absl::OkStatus();
}

void StreamCall::Finish(const absl::Status& status, const Message* response) {
  {
    // One write at a time: the last message must have left before the status may.
    std::unique_lock lock(mutex_);
    if (!WaitUntil(lock, &StreamCall::writable_)) context_.TryCancel();
    changed_.wait(lock, [&] { return writable_; });
  }
  AccountFor(status);
  if (status.ok() && response != nullptr) {
    stream_.WriteAndFinish(ToBuffer(*response), {}, grpc::Status::OK, &finished_);
  } else {
    stream_.Finish(ToGrpc(status), &finished_);
  }
}

}  // namespace gatehouse
