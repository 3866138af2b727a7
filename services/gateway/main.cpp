#include <set>

#include "absl/strings/str_split.h"
#include "gatehouse/identity/v1/principals.pb.h"
#include "services/common/observe/log.h"
#include "services/common/process/config.h"
#include "services/common/process/operations.h"
#include "services/common/process/process.h"
#include "services/common/redis/redis.h"
#include "services/common/redis/redis_address.h"
#include "services/common/rpc/ask_identity.h"
#include "services/common/rpc/server.h"
#include "services/common/rpc/tracing.h"
#include "services/gateway/gateway.h"
#include "services/gateway/openapi/openapi.h"

namespace gatehouse::gateway {
namespace {

// A new process takes the place of one that reaches everybody: it is given so long to do so, too.
constexpr absl::Duration kSettling = absl::Seconds(15);

// Of the services whose RPCs are routes, by their packages: gatehouse.cases.v1 is `cases`.
std::set<std::string> ServiceNames() {
  std::set<std::string> names;
  for (const auto* service : AllServices()) {
    names.insert(std::vector<std::string>(absl::StrSplit(service->full_name(), '.'))[1]);
  }
  return names;
}

struct Config {
  std::string listen, operations_listen;
  std::unique_ptr<Tls> tls;
  Secret redis_url;
  std::map<std::string, std::string> addresses;  // By service.
  Networks trusted_proxies;                      // GATEHOUSE_TRUSTED_PROXIES
  HttpServer::Options http;
  InFlight::Limits in_flight;
  absl::Duration shutdown_delay;  // GATEHOUSE_SHUTDOWN_DELAY_SECONDS

  static Config Read(Environment& environment) {
    Config config;
    config.listen = environment.Text("GATEHOUSE_LISTEN");
    config.operations_listen = environment.Text("GATEHOUSE_OPERATIONS_LISTEN", "");
    config.tls = ReadTls(environment);
    config.redis_url = ReadRedisUrl(environment);
    for (const std::string& name : ServiceNames()) {
      config.addresses[name] = AddressOf(environment, name);
    }
    for (const std::string& proxy : environment.List("GATEHOUSE_TRUSTED_PROXIES")) {
      if (config.trusted_proxies.Add(proxy)) continue;
      environment.Mistake("GATEHOUSE_TRUSTED_PROXIES", "must be addresses or CIDR blocks");
    }
    config.ReadLimits(environment);
    config.shutdown_delay =
        absl::Seconds(environment.Number("GATEHOUSE_SHUTDOWN_DELAY_SECONDS", 0, 0, 300));
    StartTracing("gateway", environment);
    return config;
  }

  void ReadLimits(Environment& environment) {
    http.listen = listen;
    auto& connections = http.connections;
    connections.all = static_cast<int>(
        environment.Number("GATEHOUSE_HTTP_CONNECTIONS", connections.all, 1, 1000000));
    connections.per_address = static_cast<int>(environment.Number(
        "GATEHOUSE_HTTP_CONNECTIONS_PER_ADDRESS", connections.per_address, 1, 1000000));
    connections.is_proxy = [proxies = trusted_proxies](const std::string& address) {
      return proxies.Contains(address);
    };
    http.idle_timeout =
        std::chrono::seconds(environment.Number("GATEHOUSE_HTTP_IDLE_SECONDS", 120, 1, 3600));
    http.least_bytes_per_second = environment.Number("GATEHOUSE_HTTP_LEAST_BYTES_PER_SECOND",
                                                     http.least_bytes_per_second, 0, 1000000);
    in_flight.requests = static_cast<int>(
        environment.Number("GATEHOUSE_HTTP_REQUESTS", in_flight.requests, 1, 1000000));
    in_flight.requests_per_caller = static_cast<int>(environment.Number(
        "GATEHOUSE_HTTP_REQUESTS_PER_CALLER", in_flight.requests_per_caller, 1, 1000000));
  }
};

absl::StatusOr<bool> AskOrigin(Client& identity, const std::string& origin) {
  identity::v1::CheckOriginRequest request;
  request.set_origin(origin);
  ASSIGN_OR_RETURN(const auto answer,
                   identity.Call(&identity::v1::Principals_Stub::CheckOrigin, "", request));
  return answer.allowed();
}

int Serve(const Config& config) {
  const Clock clock;
  Redis redis(config.redis_url);
  Client identity(config.addresses.at("identity"), config.tls);
  CachingAuthenticator authenticator(AskIdentity(identity), clock);
  RevocationListener revocations(authenticator, redis, config.redis_url);
  Backend backend(config.addresses, config.tls);
  const auto routes = RouteTable::Of(AllServices());
  if (!routes.ok()) return Fail(routes.status());
  const auto gateway = Gateway::Make(
      {.services = AllServices(),
       .published = {{"/openapi.json", {"application/json", OpenApi(*routes, ProtoImage())}},
                     {"/descriptors.binpb", {"application/octet-stream", ProtoImage()}},
                     {"/protos.zip", {"application/zip", ProtoArchive()}}},
       .trusted_proxies = config.trusted_proxies,
       .authenticator = &authenticator,
       .check_origin = [&](const std::string& origin) { return AskOrigin(identity, origin); },
       .in_flight = config.in_flight},
      backend);
  if (!gateway.ok()) return Fail(gateway.status());
  auto server = HttpServer::Start(
      config.http, [&](HttpExchange& http) { return (*gateway)->Handle(http); },
      [&](HttpExchange& http, int status) { return (*gateway)->Refuse(http, status); });
  if (!server.ok()) return Fail(server.status());
  Readiness readiness([&] { return backend.Ready(absl::Seconds(1), kSettling); });
  std::unique_ptr<Operations> operations;
  if (!config.operations_listen.empty()) {
    auto started = Operations::Start(config.operations_listen, readiness);
    if (!started.ok()) return Fail(started.status());
    operations = *std::move(started);
  }
  LogInfo("started", {{"port", std::to_string((*server)->port())}});
  WaitForSignal();
  LogInfo("draining");
  readiness.Drain();
  (*server)->Leave();
  absl::SleepFor(config.shutdown_delay);
  server->reset();
  StopTracing();
  LogInfo("stopped");
  return 0;
}

}  // namespace
}  // namespace gatehouse::gateway

int main(int argc, char** argv) {
  using namespace gatehouse;
  StartProcess("gateway", argc, argv);
  Environment environment;
  const gateway::Config config = gateway::Config::Read(environment);
  if (const absl::Status status = environment.Status(); !status.ok()) return Fail(status);
  return gateway::Serve(config);
}
