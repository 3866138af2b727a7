#pragma once

#include "services/gateway/http/http_server.h"
// Boost.Asio, after <utility>.
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/common/auth/auth.h"
#include "services/common/base/status.h"
#include "services/common/rpc/worker_pool.h"
#include "services/gateway/backend.h"
#include "services/gateway/http/trusted_proxies.h"
#include "services/gateway/routes/route_table.h"

namespace gatehouse::gateway {

// REST in front of gRPC services: finds the RPC of a request, turns JSON into its message and back,
// and streams bytes. What it knows of an RPC it knows from its descriptor.
class Gateway {
 public:
  struct Options {
    std::vector<const google::protobuf::ServiceDescriptor*> services;
    std::string openapi;                     // What GET /openapi.json answers.
    TrustedProxies trusted_proxies;          // Whose X-Forwarded-For and -Proto are believed.
    Authenticator* authenticator = nullptr;  // Null: nobody has a credential (the bench).
    std::function<absl::StatusOr<bool>(const std::string&)> check_origin;  // Blocks.
    int requests_max = 1024;  // Under way at once; one more is told to come back.
  };
  static absl::StatusOr<std::unique_ptr<Gateway>> Make(Options options, Backend& backend);

  boost::asio::awaitable<void> Handle(HttpExchange& http);
  boost::asio::awaitable<void> Refuse(HttpExchange& http, int status);

 private:
  struct Request;
  struct UploadBody;
  explicit Gateway(Options options, Backend& backend, RouteTable routes);

  Request Read(HttpExchange& http) const;
  boost::asio::awaitable<absl::Status> Serve(Request& request);
  boost::asio::awaitable<absl::Status> FindRoute(Request& request);
  boost::asio::awaitable<absl::Status> Preflight(Request& request);
  boost::asio::awaitable<absl::Status> CheckOrigin(Request& request);
  boost::asio::awaitable<absl::StatusOr<bool>> KnowsOrigin(const std::string& origin);
  boost::asio::awaitable<absl::Status> Identify(Request& request);
  absl::Status Fill(Request& request, google::protobuf::Message& message) const;
  boost::asio::awaitable<absl::Status> ReadBody(Request& request,
                                                google::protobuf::Message& message);
  boost::asio::awaitable<absl::Status> Unary(Request& request);
  boost::asio::awaitable<absl::Status> Upload(Request& request);
  boost::asio::awaitable<absl::Status> UploadOnce(Request& request,
                                                  const google::protobuf::Message& message,
                                                  UploadBody& body,
                                                  google::protobuf::Message& response);
  boost::asio::awaitable<absl::Status> Download(Request& request);
  boost::asio::awaitable<absl::Status> SendParts(Request& request, Backend::Stream& stream,
                                                 google::protobuf::Message& part);
  boost::asio::awaitable<void> Answer(Request& request, const google::protobuf::Message& response);
  boost::asio::awaitable<void> AnswerProblem(Request& request, const absl::Status& status);
  Onward OnwardOf(const Request& request) const;
  HttpHeaders HeadersOf(const Request& request, const char* content_type) const;
  std::string CookieOf(const Request& request, const std::string& token) const;
  // Runs what blocks on a thread that may, and comes back.
  boost::asio::awaitable<bool> OnWorker(std::function<void()> work);

  const Options options_;
  Backend& backend_;
  const RouteTable routes_;
  WorkerPool workers_;
  std::atomic<int> under_way_ = 0;
  const GaugeSource gauges_;

  struct KnownOrigin {
    bool allowed = false;
    absl::Time until;
  };
  std::mutex mutex_;
  std::map<std::string, KnownOrigin> origins_;  // Bounded.
};

}  // namespace gatehouse::gateway
