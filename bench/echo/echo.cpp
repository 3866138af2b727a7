// The way alone: the gateway and a service that answers what it is asked, with nothing behind them.
//   bench_echo service PORT
//   bench_echo gateway PORT SERVICE_PORT
#include <iostream>

#include "services/common/process/process.h"
#include "services/common/rpc/server.h"
#include "services/gateway/gateway.h"
#include "v1/echo.pb.h"

namespace gatehouse::bench {
namespace {

struct Handler {
  absl::StatusOr<v1::Order> Echo(const Call&, const v1::Order& order) { return order; }
};

int Serve(const std::string& port) {
  Handler handler;
  Server server("bench");
  server.Service("gatehouse.bench.v1.Echo")
      .Unary("Echo", handler, &Handler::Echo, Blocking::kNever);
  ServerOptions options;
  options.listen = "localhost:" + port;
  return RunServer(server, std::move(options));
}

int ServeGateway(const std::string& port, const std::string& service_port) {
  gateway::Backend backend({{"bench", "localhost:" + service_port}}, nullptr);
  gateway::Gateway::Options options;
  options.services = {v1::Order::descriptor()->file()->service(0)};
  const auto gateway = gateway::Gateway::Make(std::move(options), backend);
  if (!gateway.ok()) return 1;
  const auto server = gateway::HttpServer::Start(
      {.listen = "127.0.0.1:" + port},
      [&](gateway::HttpExchange& http) { return (*gateway)->Handle(http); },
      [&](gateway::HttpExchange& http, int status) { return (*gateway)->Refuse(http, status); });
  if (!server.ok()) return 1;
  WaitForSignal();
  return 0;
}

}  // namespace
}  // namespace gatehouse::bench

int main(int count, char** argv) {
  gatehouse::StartProcess("bench", count, argv);
  if (count == 3) return gatehouse::bench::Serve(argv[2]);
  if (count == 4) return gatehouse::bench::ServeGateway(argv[2], argv[3]);
  std::cerr << "usage: bench_echo service PORT | gateway PORT SERVICE_PORT\n";
  return 2;
}
