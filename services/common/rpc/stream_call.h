#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>

#include <condition_variable>
#include <mutex>

#include "services/common/rpc/server_call.h"

namespace gatehouse {

// An RPC with a stream, or one that nobody knows: gRPC hands over what is no registered method. Its
// handler waits on a worker for the next event.
class StreamCall : public ServerCall {
 public:
  // Waits for the next one.
  static void Await(ServerCore& core, grpc::AsyncGenericService& service);

 private:
  StreamCall(ServerCore& core, grpc::AsyncGenericService& service);

  void OnArrived(bool ok);
  void OnRead(bool ok);
  void OnEnd(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnGone(bool ok);
  void Release();

  void Read();
  absl::Status Handle() override;
  void Finish(const absl::Status& status, const google::protobuf::Message* response) override;
  absl::StatusOr<bool> ReadNext(google::protobuf::Message& message);
  absl::Status WriteNext(const google::protobuf::Message& message);
  bool WaitUntil(std::unique_lock<std::mutex>& lock, bool StreamCall::*condition);

  using Event = ServerCall::Event<StreamCall>;
  grpc::AsyncGenericService& service_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  Event arrived_{*this, &StreamCall::OnArrived}, read_{*this, &StreamCall::OnRead},
      end_{*this, &StreamCall::OnEnd}, written_{*this, &StreamCall::OnWritten},
      finished_{*this, &StreamCall::OnFinished}, gone_{*this, &StreamCall::OnGone};
  grpc::ByteBuffer incoming_;
  grpc::Alarm alarm_;

  std::mutex mutex_;  // Of what follows, which the worker and the polling thread share.
  std::condition_variable changed_;
  bool first_ = true, readable_ = false, writable_ = true, ended_ = false;
  bool write_failed_ = false, cancelled_ = false;
  int holders_ = 2;  // What is still to be told: the end, the client's going, a read.
};

}  // namespace gatehouse
