#pragma once

// The one place where every RPC of every service is received, authenticated, authorised,
// validated, bounded in time, run, logged, counted and answered. A handler is a plain function of
// the call and the request:
//
//   absl::StatusOr<pb::Invitation> Handler::CreateInvitation(const Call&,
//                                                            const pb::CreateInvitationRequest&);
//
//   Server server("invitation");
//   server.Service("gatehouse.invitation.v1.Invitations")
//       .Unary("CreateInvitation", handler, &Handler::CreateInvitation);
//   return RunServer(server, options);

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/base/caller.h"
#include "services/common/base/secret.h"
#include "services/common/base/status.h"
#include "services/common/rpc/client.h"
#include "services/common/rpc/stream.h"
#include "services/common/rpc/streams.h"

namespace gatehouse {

// Whether a unary handler may wait for a store or another service. One that never does runs where
// the request arrives, without a thread hop.
enum class Blocking { kMayBlock, kNever };

struct Method {
  std::string name;
  const google::protobuf::Message* request;  // Prototypes.
  const google::protobuf::Message* response;
  bool client_streaming = false;
  bool server_streaming = false;
  Blocking blocking = Blocking::kMayBlock;
  // Exactly one is set, by the shape of the RPC.
  std::function<absl::Status(const Call&, const google::protobuf::Message&,
                             google::protobuf::Message&)>
      unary;
  std::function<absl::StatusOr<std::unique_ptr<MessageSink>>(const Call&,
                                                             const google::protobuf::Message&)>
      upload;
  std::function<absl::StatusOr<std::unique_ptr<MessageSource>>(const Call&,
                                                               const google::protobuf::Message&)>
      download;
};

class Server {
 public:
  explicit Server(std::string name) : name_(std::move(name)) {}

  class ServiceMethods {
   public:
    template <typename Handler, typename Request, typename Response>
    ServiceMethods& Unary(const std::string& method, Handler& handler,
                          absl::StatusOr<Response> (Handler::*f)(const Call&, const Request&),
                          Blocking blocking = Blocking::kMayBlock) {
      Method added = Make<Request, Response>(method);
      added.blocking = blocking;
      added.unary = [&handler, f](const Call& call, const google::protobuf::Message& request,
                                  google::protobuf::Message& response) -> absl::Status {
        ASSIGN_OR_RETURN(static_cast<Response&>(response),
                         (handler.*f)(call, static_cast<const Request&>(request)));
        return absl::OkStatus();
      };
      return Add(std::move(added));
    }

    // The handler is asked with the first message; `Call` lives as long as what it makes.
    template <typename Handler, typename Request, typename Response>
    ServiceMethods& Upload(const std::string& method, Handler& handler,
                           absl::StatusOr<std::unique_ptr<Sink<Request, Response>>> (Handler::*f)(
                               const Call&, const Request&)) {
      Method added = Make<Request, Response>(method);
      added.client_streaming = true;
      added.upload = [&handler, f](const Call& call, const google::protobuf::Message& first)
          -> absl::StatusOr<std::unique_ptr<MessageSink>> {
        return (handler.*f)(call, static_cast<const Request&>(first));
      };
      return Add(std::move(added));
    }

    template <typename Handler, typename Request, typename Response>
    ServiceMethods& Download(const std::string& method, Handler& handler,
                             absl::StatusOr<std::unique_ptr<Source<Response>>> (Handler::*f)(
                                 const Call&, const Request&)) {
      Method added = Make<Request, Response>(method);
      added.server_streaming = true;
      added.download = [&handler, f](const Call& call, const google::protobuf::Message& request)
          -> absl::StatusOr<std::unique_ptr<MessageSource>> {
        return (handler.*f)(call, static_cast<const Request&>(request));
      };
      return Add(std::move(added));
    }

   private:
    friend class Server;
    ServiceMethods(Server& server, std::string service)
        : server_(server), service_(std::move(service)) {}
    template <typename Request, typename Response>
    Method Make(const std::string& method) {
      return Method{.name = service_ + "/" + method,
                    .request = &Request::default_instance(),
                    .response = &Response::default_instance()};
    }
    ServiceMethods& Add(Method method) {
      server_.methods_.push_back(std::move(method));
      return *this;
    }
    Server& server_;
    std::string service_;
  };

  // `service` is the full proto name.
  ServiceMethods Service(const std::string& service) {
    services_.push_back(service);
    return ServiceMethods(*this, service);
  }

  // OK, or all that is wrong with what was registered: an unknown name, a method twice or not at
  // all, other messages than the proto says, no access declared, a STAFF method without a scope, a
  // case field that is no string field of the request.
  absl::Status Check() const;

  const std::string& name() const { return name_; }
  const std::vector<Method>& methods() const { return methods_; }
  const std::vector<std::string>& services() const { return services_; }

 private:
  std::string name_;
  std::vector<Method> methods_;
  std::vector<std::string> services_;
};

// What turns a bearer credential into a caller; see auth.h.
class Authenticator;

struct ServerOptions {
  std::string listen;             // host:port; GATEHOUSE_LISTEN
  std::unique_ptr<Tls> tls;       // Null: every peer is trusted, on loopback only.
  std::string operations_listen;  // host:port of /healthz, /readyz and /metrics; empty: none.
  Authenticator* authenticator = nullptr;
  // Whether the process can serve what it is sent; null: always. Asked again and again, on a thread
  // of its own, and should end by the deadline of the call that it runs in.
  std::function<absl::Status()> ready;
  // How long a process that was told to end goes on serving, so that whoever still finds it by an
  // old look-up is served; GATEHOUSE_SHUTDOWN_DELAY_SECONDS.
  absl::Duration shutdown_delay;
  // After which a connection is told to go, so that clients look replicas up anew: without it a new
  // replica gets no call (measured on gRPC 1.51); GATEHOUSE_CONNECTION_AGE_SECONDS.
  absl::Duration connection_age = absl::Seconds(60);
  absl::Duration drain = absl::Seconds(10);  // How long what runs may take to end.
  int worker_threads = 16;                   // Unary handlers at once; they block on stores.
  int stream_threads = 16;  // What streams do at once; one that waits for its peer does nothing.
  StreamLimits stream_limits;
};

// A server that runs, for tests and for RunServer.
class RunningServer {
 public:
  // Refuses to start when Check() is not OK.
  static absl::StatusOr<std::unique_ptr<RunningServer>> Start(const Server& server,
                                                              ServerOptions options);
  ~RunningServer();       // Drains: what runs may end, within `drain`; new calls are UNAVAILABLE.
  void StopBeingReady();  // Readiness and health say so; calls are served all the same.
  int port() const;

 private:
  RunningServer();
  class State;
  std::unique_ptr<State> state_;
};

// Serves until SIGTERM or SIGINT. Then it is not ready any more, goes on serving for
// `shutdown_delay`, and drains; returns the process's exit code.
int RunServer(const Server& server, ServerOptions options);

}  // namespace gatehouse
