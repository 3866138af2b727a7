#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/rpc/stub.h"
#include "services/common/rpc/tls.h"

namespace gatehouse {

class ServiceChannel;

// A call that is under way.
class PendingCall {
 public:
  virtual ~PendingCall() = default;  // Whoever asks no more is not told.
  // Blocks for the answer, and makes the call again where that may help.
  virtual absl::Status Finish(google::protobuf::Message& response) = 0;
};

// The answer of a call that is under way, to be asked for once, by the thread that made the call
// and while what served it is still being served.
template <typename Response>
class [[nodiscard]] Future {
 public:
  explicit Future(std::unique_ptr<PendingCall> call) : call_(std::move(call)) {}
  absl::StatusOr<Response> Get() {
    Response response;
    if (absl::Status status = call_->Finish(response); !status.ok()) return status;
    return response;
  }

 private:
  std::unique_ptr<PendingCall> call_;
};

// How one service calls another: by mutual TLS, as itself, on behalf of an organisation. The
// current call's request id travels along, and its deadline bounds the call (5 s without one).
class Client {
 public:
  // `address` as MakeChannel() takes it; without `tls` in plaintext (tests, bench).
  Client(const std::string& address, const std::unique_ptr<Tls>& tls);
  ~Client();

  // Calls an RPC and blocks for the answer:
  //
  //   cases.Call(&cases::v1::CaseDirectory_Stub::LookUpCase, organisation_id, request)
  //
  // A refusal comes back as the service made it, but for one of this service's own right to call:
  // that is UNAVAILABLE. What MayRepeat() is tried again, three times at most and within the
  // deadline, where a replica was not there or did not answer.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Rpc<Stub, Request, Response> rpc,
                                const std::string& organisation_id,
                                const std::type_identity_t<Request>& request) {
    return Ask(rpc, organisation_id, request).Get();
  }

  // The same in two steps, for look-ups that do not need one another: the call is under way when
  // Ask() returns.
  template <typename Stub, typename Request, typename Response>
  Future<Response> Ask(Rpc<Stub, Request, Response> rpc, const std::string& organisation_id,
                       const std::type_identity_t<Request>& request) {
    return Future<Response>(Begin(NameOf(rpc), organisation_id, request));
  }

  // The same with serialised messages, without blocking and without retries: for the outbox relay.
  // `done` runs on the client's polling thread and must not block.
  void Start(absl::string_view method, const std::string& organisation_id,
             const std::string& request, absl::Time deadline,
             std::function<void(absl::Status)> done);

 private:
  std::unique_ptr<PendingCall> Begin(const std::string& method, const std::string& organisation_id,
                                     const google::protobuf::Message& request);
  const std::shared_ptr<ServiceChannel> service_;
};

}  // namespace gatehouse
