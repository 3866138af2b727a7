#pragma once

#include "services/gateway/http/http_server.h"
// Boost.Asio, after <utility>.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/common/auth/auth.h"
#include "services/common/base/status.h"
#include "services/common/rpc/worker_pool.h"
#include "services/common/text/networks.h"
#include "services/gateway/backend.h"
#include "services/gateway/http/body_digest.h"
#include "services/gateway/http/forwarded.h"
#include "services/gateway/http/in_flight.h"
#include "services/gateway/http/strangers.h"
#include "services/gateway/routes/route_table.h"

namespace gatehouse::gateway {

// The trace that a stranger's `traceparent` names, or a new one where it names none. Whether it is
// sampled is decided here, as for a new one: who may call may not make us record more.
Trace TraceOfStranger(const std::string& traceparent);

// REST in front of gRPC services: finds the RPC of a request, turns JSON into its message and back,
// and streams bytes. What it knows of an RPC it knows from its descriptor.
class Gateway {
 public:
  // A file that anybody may read, of any origin.
  struct Published {
    const char* content_type;
    std::string body;
  };
  struct Options {
    std::vector<const google::protobuf::ServiceDescriptor*> services;
    std::map<std::string, Published> published;  // By path: the contract itself.
    Networks trusted_proxies;                    // Whose word on their clients is believed.
    Authenticator* authenticator = nullptr;      // Null: nobody has a credential (the bench).
    std::function<absl::StatusOr<bool>(const std::string&)> check_origin;  // Blocks.
    absl::Duration use_noted_every = absl::Seconds(20);  // Of who sends or takes for long.
    InFlight::Limits in_flight;                          // One request more is told to come back.
    Strangers::Limits strangers;  // Of unknown credentials, and of unknown origins.
  };
  static absl::StatusOr<std::unique_ptr<Gateway>> Make(Options options, Backend& backend);

  boost::asio::awaitable<void> Handle(HttpExchange& http);
  boost::asio::awaitable<void> Refuse(HttpExchange& http, int status);

 private:
  struct Request;
  struct UploadBody;
  explicit Gateway(Options options, Backend& backend, RouteTable routes);

  ForwardedClient ClientOf(const HttpExchange& http) const;
  boost::asio::awaitable<absl::Status> Serve(Request& request);
  boost::asio::awaitable<absl::Status> ServeOwn(Request& request);
  boost::asio::awaitable<absl::Status> FindRoute(Request& request);
  boost::asio::awaitable<absl::Status> Preflight(Request& request);
  boost::asio::awaitable<absl::Status> CheckOrigin(Request& request);
  boost::asio::awaitable<void> LetPageRead(Request& request);
  boost::asio::awaitable<absl::StatusOr<bool>> KnowsOrigin(const Request& request);
  boost::asio::awaitable<absl::Status> Identify(Request& request);
  boost::asio::awaitable<absl::Status> Exchange(Request& request, const Secret& secret);
  boost::asio::awaitable<absl::Status> IdentifyAgain(Request& request);
  boost::asio::awaitable<void> NoteUse(Request& request);
  static absl::Status Disputed();
  static std::string CredentialOf(const Request& request);
  static void FillFromCookie(const Request& request, google::protobuf::Message& message);
  static absl::Status CheckSite(const Request& request);
  static absl::Status CheckEncoding(Request& request);
  static absl::Status MethodNotAllowed(Request& request, const std::string& allowed);
  static absl::Status TooManyRequests();
  static void Account(const Request& request, const absl::Status& status, const std::string& route);
  absl::Status Fill(Request& request, google::protobuf::Message& message) const;
  boost::asio::awaitable<absl::Status> ReadBody(Request& request,
                                                google::protobuf::Message& message);
  boost::asio::awaitable<absl::Status> ReadText(Request& request, std::string& text);
  static absl::StatusOr<BodyDigest> DigestOf(const HttpExchange& http);
  boost::asio::awaitable<absl::Status> Run(Request& request);
  boost::asio::awaitable<absl::Status> Unary(Request& request);
  boost::asio::awaitable<absl::Status> CallUnary(Request& request,
                                                 const google::protobuf::Message& message,
                                                 google::protobuf::Message& response);
  boost::asio::awaitable<absl::Status> Upload(Request& request);
  static absl::Status UploadTooLarge();
  boost::asio::awaitable<absl::Status> UploadOnce(Request& request,
                                                  const google::protobuf::Message& message,
                                                  UploadBody& body,
                                                  google::protobuf::Message& response,
                                                  bool give_up);
  boost::asio::awaitable<void> SendBody(Request& request, Backend::Stream& stream,
                                        UploadBody& body);
  boost::asio::awaitable<absl::Status> Download(Request& request);
  boost::asio::awaitable<absl::Status> SendParts(Request& request, Backend::Stream& stream,
                                                 google::protobuf::Message& part);
  boost::asio::awaitable<absl::Status> SendEvents(Request& request, Backend::Stream& stream,
                                                  const google::protobuf::Message& first);
  // An answer as HTTP has it.
  struct Composed {
    HttpHeaders headers;
    std::string body;
  };
  Composed Compose(Request& request, const google::protobuf::Message& response);
  boost::asio::awaitable<void> Answer(Request& request, const google::protobuf::Message& response);
  boost::asio::awaitable<void> AnswerProblem(Request& request, const absl::Status& status);
  Onward OnwardOf(const Request& request) const;
  HttpHeaders HeadersOf(const Request& request, const char* content_type) const;
  std::string CookieOf(const Request& request, const std::string& token) const;
  // Runs what blocks on a thread that may, and comes back.
  boost::asio::awaitable<bool> OnWorker(WorkerPool& workers, std::function<void()> work);

  const Options options_;
  Backend& backend_;
  const RouteTable routes_;
  WorkerPool workers_, for_strangers_;
  InFlight in_flight_;
  Strangers credentials_, origins_;
  std::mutex mutex_;
  std::map<std::string, absl::Time> allowed_origins_;  // With until when; bounded.
  const GaugeSource gauges_;
};

}  // namespace gatehouse::gateway
