#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>

#include <mutex>
#include <optional>

#include "services/common/rpc/pace.h"
#include "services/common/rpc/server_call.h"

namespace gatehouse {

// An RPC with a stream, or one that nobody knows: gRPC hands over what is no registered method.
// What arrives on the polling thread is noted, and a worker does the next step of the handler: one
// at a time, and none while there is nothing to do but wait for the peer.
class StreamCall : public ServerCall, private Streams::Member {
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

  void Look(absl::Time now) override;
  void End(const absl::Status& status) override;
  void Drain() override;

  std::optional<absl::Status> Handle() override;
  void Continue() override;
  void Finish(const absl::Status& status, const google::protobuf::Message* response) override;

  void Read();
  void ReceiveFirst(bool ok);
  void Advance();
  absl::StatusOr<bool> Step();
  absl::Status Open();
  absl::StatusOr<bool> Take();
  absl::StatusOr<bool> TakeAndRead();
  absl::StatusOr<bool> Commit();
  absl::StatusOr<bool> Send();
  bool Waits();

  using Event = ServerCall::Event<StreamCall>;
  grpc::AsyncGenericService& service_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  Event arrived_{*this, &StreamCall::OnArrived}, read_{*this, &StreamCall::OnRead},
      end_{*this, &StreamCall::OnEnd}, written_{*this, &StreamCall::OnWritten},
      finished_{*this, &StreamCall::OnFinished}, gone_{*this, &StreamCall::OnGone};
  grpc::ByteBuffer incoming_;
  grpc::Alarm alarm_;
  std::unique_ptr<MessageSink> sink_;      // Of an upload, once it has begun.
  std::unique_ptr<MessageSource> source_;  // Of a download.

  std::mutex mutex_;  // Of what follows.
  Pace pace_;
  absl::Time deadline_ = absl::InfiniteFuture();
  std::optional<absl::Status> stopped_;  // Why it is to end before its time.
  bool first_ = true;                    // The first message is awaited.
  bool working_ = true;                  // A step is under way or waits for a worker.
  bool waiting_ = false;                 // The source has nothing to give just now.
  bool readable_ = false, ended_ = false, writing_ = false, finishing_ = false;
  int holders_ = 2;  // What is still to be told: the end, the client's going, a read.
};

}  // namespace gatehouse
