#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace google::protobuf {
class Message;
}

namespace gatehouse {

// The files of GATEHOUSE_TLS_DIR: ca.crt, tls.crt, tls.key (the names that cert-manager uses).
// Looked at every `refresh`, and used anew when they changed.
struct Tls {
  std::string directory;
  absl::Duration refresh = absl::Seconds(30);
};

// How one service calls another: by mutual TLS, as itself, on behalf of an organisation. The
// current call's request id travels along, and its deadline bounds the call (5 s without one).
class Client {
 public:
  // `address` is host:port or any gRPC target; without `tls` in plaintext (tests, bench).
  Client(const std::string& address, const std::unique_ptr<Tls>& tls);
  ~Client();

  // Calls `method` ("gatehouse.cases.v1.CaseDirectory/LookUpCase") and blocks for the answer. A
  // refusal comes back as the service made it. RPCs that are marked NO_SIDE_EFFECTS or IDEMPOTENT
  // are tried again after UNAVAILABLE, three times at most, within the deadline.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(absl::string_view method, const std::string& organisation_id,
                                const Request& request) {
    Response response;
    if (absl::Status status = Invoke(method, organisation_id, request, response); !status.ok()) {
      return status;
    }
    return response;
  }

  // The same with serialised messages, without blocking and without retries: for the outbox relay.
  // `done` runs on the client's polling thread and must not block.
  void Start(absl::string_view method, const std::string& organisation_id,
             const std::string& request, absl::Time deadline,
             std::function<void(absl::Status)> done);

 private:
  absl::Status Invoke(absl::string_view method, const std::string& organisation_id,
                      const google::protobuf::Message& request,
                      google::protobuf::Message& response);
  class Channel;
  std::unique_ptr<Channel> channel_;
};

}  // namespace gatehouse
