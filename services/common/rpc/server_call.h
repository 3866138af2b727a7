#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/async_unary_call.h>

#include <atomic>
#include <memory>
#include <optional>

#include "services/common/rpc/channel.h"
#include "services/common/rpc/dispatch.h"
#include "services/common/rpc/worker_pool.h"

namespace gatehouse {

// What all calls of one server share.
struct ServerCore {
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  const Dispatch* dispatch = nullptr;
  WorkerPool* workers = nullptr;
  WorkerPool* stream_workers = nullptr;
  Streams* streams = nullptr;
  std::atomic<int> calls = 0;  // That exist: those that are waited for included.
  bool trust_peers = false;    // No TLS: tests and the bench.
};

grpc::Status ToGrpc(const absl::Status& status);
// A deadline as gRPC has it; one of 10,000 years, too.
absl::Time ToTime(gpr_timespec deadline);

// One RPC from its first message to its answer, whatever its shape: who calls, whether they may,
// the handler, the account of it. Its events come one after the other on the polling thread; the
// handler runs on a worker. Owns itself.
class ServerCall {
 protected:
  // A tag of the completion queue: one member function of one call.
  template <typename T>
  struct Event : Completion {
    Event(T& call, void (T::*handle)(bool)) : call(call), handle(handle) {}
    void Done(bool ok) override { (call.*handle)(ok); }
    T& call;
    void (T::*handle)(bool);
  };

  ServerCall(ServerCore& core, grpc::ServerContext& context) : core_(core), context_(context) {
    ++core_.calls;
  }
  virtual ~ServerCall() {
    --core_.calls;
    core_.calls.notify_all();
  }

  // With the first message, which it takes the bytes of.
  void Receive(const Dispatch::Target& target, grpc::ByteBuffer& message);
  // On a worker: what there is to do in the handler, which may block. How the call has ended, or
  // nothing where it goes on; then Continue() follows.
  virtual std::optional<absl::Status> Handle() = 0;
  virtual void Continue() {}
  void RunHandler();
  // Sends the response, if there is one, or the status, once the call is accounted for. The call
  // may be gone when it returns.
  virtual void Finish(const absl::Status& status, const google::protobuf::Message* response) = 0;
  // Its trailing metadata says by which id the call stands in the log.
  void AccountFor(const absl::Status& status);

  ServerCore& core_;
  const Dispatch::Target* target_ = nullptr;
  Call call_;
  std::unique_ptr<google::protobuf::Message> request_, response_;

 private:
  void Begin(bool may_block);
  Envelope ReadEnvelope();
  Trace ReadTrace() const;

  grpc::ServerContext& context_;
  bool from_service_ = false;
  absl::Time start_;
  std::optional<Span> span_;
};

// The unary methods of one proto service, as gRPC knows them.
class UnaryService : public grpc::Service {
 public:
  // `name` is the full proto name.
  UnaryService(ServerCore& core, const std::string& name,
               const std::vector<const Dispatch::Target*>& targets);

  // Waits for the next calls of every method.
  void Await();

 private:
  friend class UnaryCall;
  void Await(int index);

  ServerCore& core_;
  std::vector<const Dispatch::Target*> targets_;
  std::vector<std::string> paths_;
};

}  // namespace gatehouse
