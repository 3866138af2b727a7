#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "services/common/channel.h"
#include "services/common/dispatch.h"
#include "services/common/worker_pool.h"

namespace gatehouse {

// What all calls of one server share.
struct ServerCore {
  grpc::AsyncGenericService service;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  const Dispatch* dispatch = nullptr;
  WorkerPool* workers = nullptr;
  WorkerPool* streams = nullptr;
  bool trust_peers = false;  // No TLS: tests and the bench.
};

// One RPC from its arrival to its end. Its events come one after the other on the polling thread;
// the handler runs on a worker, and for streams waits there for the next event. Owns itself.
class ServerCall {
 public:
  // Waits for the next RPC of a client.
  static void Await(ServerCore& core);

 private:
  // A tag of the completion queue: one member function of one call.
  struct Event : Completion {
    Event(ServerCall& call, void (ServerCall::*handle)(bool)) : call(call), handle(handle) {}
    void Done(bool ok) override { (call.*handle)(ok); }
    ServerCall& call;
    void (ServerCall::*handle)(bool);
  };

  explicit ServerCall(ServerCore& core);

  void OnArrived(bool ok);
  void OnRead(bool ok);
  void OnEnd(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnGone(bool ok);
  void Release();

  void Read();
  void Receive();
  void Begin(bool may_block);
  void RunHandler();
  absl::Status Handle();
  void Finish(const absl::Status& status, const google::protobuf::Message* response);
  absl::StatusOr<bool> ReadNext(google::protobuf::Message& message);
  absl::Status WriteNext(const google::protobuf::Message& message);
  Envelope ReadEnvelope();
  bool WaitUntil(std::unique_lock<std::mutex>& lock, bool ServerCall::*condition);

  ServerCore& core_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  Event arrived_{*this, &ServerCall::OnArrived}, read_{*this, &ServerCall::OnRead},
      end_{*this, &ServerCall::OnEnd}, written_{*this, &ServerCall::OnWritten},
      finished_{*this, &ServerCall::OnFinished}, gone_{*this, &ServerCall::OnGone};
  grpc::ByteBuffer incoming_;
  grpc::Alarm alarm_;
  const Dispatch::Target* target_ = nullptr;
  Call call_;
  absl::Time start_;
  std::optional<Span> span_;
  std::unique_ptr<google::protobuf::Message> request_, response_;

  std::mutex mutex_;  // Of what follows, which a stream's worker and the polling thread share.
  std::condition_variable changed_;
  bool first_ = true, readable_ = false, writable_ = true, ended_ = false;
  bool write_failed_ = false, cancelled_ = false;
  int holders_ = 2;  // What is still to be told: the end, the client's going, a read.
};

}  // namespace gatehouse
