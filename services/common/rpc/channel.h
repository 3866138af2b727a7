#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "services/common/rpc/client.h"

namespace gatehouse {

// For client.cpp and the gateway: what a call to another service is made of.

// Keepalive, round robin over the addresses that the target resolves to, and DNS asked again after
// a second, so that a new replica gets its share (docs: gRPC 1.51 asks every 30 s by default).
//
// `address` is host:port, any gRPC target, or NAME@TARGET: then it is NAME that the certificates
// must show, since a list (cases@ipv4:10.0.0.1:7102,10.0.0.2:7102) has no name of its own.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address,
                                           const std::unique_ptr<Tls>& tls);

// A tag of a completion queue: told once, by the thread that polls it; it owns itself.
class Completion {
 public:
  virtual ~Completion() = default;
  virtual void Done(bool ok) = 0;
};

// A queue with a polling thread of its own, for a process that serves no gRPC.
grpc::CompletionQueue& ClientQueue();

// Where a unary call completes that is started while the lease lives: on the server's own queue,
// where the process serves. Two polling threads would take each other's events and hand them over,
// which costs a small RPC a tenth.
class QueueLease {
 public:
  QueueLease();
  ~QueueLease();
  QueueLease(const QueueLease&) = delete;
  QueueLease& operator=(const QueueLease&) = delete;
  grpc::CompletionQueue* get() const { return queue_; }

 private:
  grpc::CompletionQueue* queue_;
};
// Offers a server's queue, or takes it back before its shutdown: no lease is on it then.
void OfferQueue(grpc::CompletionQueue* queue);
void WithdrawQueue(grpc::CompletionQueue* queue);

// Messages as gRPC carries them.
grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message);
bool FromBuffer(grpc::ByteBuffer& buffer, google::protobuf::Message& message);

// The canonical status of a finished call, with the details that the service attached.
absl::Status FromGrpc(const grpc::Status& status);

// A server that is going cancels calls that come too late for it to begin: a unary call that it has
// begun ends before its drain does. So CANCELLED, where we did not cancel ourselves, may be called
// again, as may what is harmless to repeat where the server was not there.
// `may_repeat` as MayRepeat() says.
bool MayCallAgain(const absl::Status& status, bool may_repeat);
// What is left of such a CANCELLED in the end: UNAVAILABLE.
absl::Status UnlessCancelled(absl::Status status);

// Mutual TLS from a directory whose files are read anew when they change; null: plaintext.
std::shared_ptr<grpc::ServerCredentials> ServerCredentialsOf(const std::unique_ptr<Tls>& tls);
std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(const std::unique_ptr<Tls>& tls);

}  // namespace gatehouse
