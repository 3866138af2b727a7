#include "services/common/rpc/server.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "services/common/observe/log.h"
#include "services/common/process/config.h"
#include "services/common/process/operations.h"
#include "services/common/process/process.h"
#include "services/common/process/readiness.h"
#include "services/common/rpc/reflection.h"
#include "services/common/rpc/server_call.h"
#include "services/common/rpc/stream_call.h"
#include "services/common/rpc/tracing.h"

namespace gatehouse {
namespace {

constexpr size_t kWaitingMax = 1024;  // Requests before the workers; one more is UNAVAILABLE.
constexpr int kStreamsAwaited = 8;    // That may arrive before the polling thread looks.
constexpr absl::Duration kLookEvery = absl::Milliseconds(500);  // After the streams.
// How long a revocation waits for what is being committed; its teller waits 250 ms.
constexpr absl::Duration kCommitPatience = absl::Milliseconds(200);
constexpr int kMessageMax = 4 << 20;
// The gateway has one connection: on it hundreds of slow transfers must leave room for everybody.
constexpr int kStreamsPerConnection = 10000;
constexpr size_t kMemory = 64 << 20;  // What gRPC counts: a flood of resets takes some times that.
// No more than this of one stream waits in memory for its handler.
constexpr int kStreamWindow = 256 << 10;

// The limits that gRPC 1.51 needs against rapid reset, header floods and slow or vanished peers.
void SetLimits(grpc::ServerBuilder& builder, absl::Duration connection_age) {
  grpc::ResourceQuota quota("server");
  quota.Resize(kMemory);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kMessageMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  // Our clients ping every ten seconds, idle or not; see service_channel.cpp.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Connections move to new replicas in time; streams under way may end.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             static_cast<int>(absl::ToInt64Milliseconds(connection_age)));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 3600000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindow);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kStreamWindow);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

// Answers gRPC's health question: for the server and each of its services, whether they can be
// called; for `liveness`, which asks no store, whether the process serves at all.
class Health {
 public:
  Health(std::vector<std::string> services, const Readiness& readiness)
      : services_(std::move(services)), readiness_(readiness) {}

  absl::StatusOr<grpc::health::v1::HealthCheckResponse> Check(
      const Call&, const grpc::health::v1::HealthCheckRequest& request) {
    const std::string& name = request.service();
    grpc::health::v1::HealthCheckResponse response;
    response.set_status(grpc::health::v1::HealthCheckResponse::SERVING);
    if (name == "liveness") return response;
    if (!name.empty() && std::find(services_.begin(), services_.end(), name) == services_.end()) {
      return Refuse(common::v1::NOT_FOUND, "there is no such service here");
    }
    if (!readiness_.Now().ok()) {
      response.set_status(grpc::health::v1::HealthCheckResponse::NOT_SERVING);
    }
    return response;
  }

 private:
  const std::vector<std::string> services_;
  const Readiness& readiness_;
};

std::string MistakeOf(const Method& method, const google::protobuf::MethodDescriptor* descriptor) {
  if (descriptor == nullptr) return absl::StrCat(method.name, " is in no proto");
  if (std::string mistake = MistakeIn(*descriptor); !mistake.empty()) return mistake;
  const bool shape = descriptor->input_type() == method.request->GetDescriptor() &&
                     descriptor->output_type() == method.response->GetDescriptor() &&
                     descriptor->client_streaming() == method.client_streaming &&
                     descriptor->server_streaming() == method.server_streaming;
  return shape ? "" : absl::StrCat(method.name, " has another shape in its proto");
}

}  // namespace

absl::Status Server::Check() const {
  const auto& pool = *google::protobuf::DescriptorPool::generated_pool();
  std::vector<std::string> mistakes;
  std::map<std::string, int> registered;
  for (const Method& method : methods_) {
    if (++registered[method.name] == 2) mistakes.push_back(method.name + " is registered twice");
    const MethodRules* rules = FindMethodRules(method.name);
    const std::string mistake = MistakeOf(method, rules == nullptr ? nullptr : rules->descriptor);
    if (!mistake.empty()) mistakes.push_back(mistake);
  }
  for (const std::string& name : services_) {
    const auto* service = pool.FindServiceByName(name);
    for (int i = 0; service != nullptr && i < service->method_count(); ++i) {
      const std::string method = absl::StrCat(name, "/", service->method(i)->name());
      if (registered.count(method) == 0) mistakes.push_back(method + " has no handler");
    }
  }
  if (mistakes.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(mistakes, "\n"));
}

class RunningServer::State {
 public:
  State(const Server& server, const ServerOptions& options)
      : readiness_(options.ready),
        health_(server.services(), readiness_),
        server_with_health_(WithHealth(server, health_)),
        dispatch_(server_with_health_, options.authenticator),
        drain_(options.drain),
        authenticator_(options.authenticator),
        streams_(options.stream_limits),
        workers_("unary", options.worker_threads, kWaitingMax),
        // A stream waits for a worker once: none is turned away.
        stream_workers_("stream", options.stream_threads, options.stream_limits.streams_max) {
    core_.dispatch = &dispatch_;
    core_.workers = &workers_;
    core_.stream_workers = &stream_workers_;
    core_.streams = &streams_;
    std::vector<const Dispatch::Target*> targets;
    for (const Method& method : server_with_health_.methods()) {
      targets.push_back(dispatch_.Find("/" + method.name));
    }
    for (const std::string& name : server_with_health_.services()) {
      unary_.push_back(std::make_unique<UnaryService>(core_, name, targets));
    }
  }

  absl::Status Listen(const ServerOptions& options) {
    grpc::ServerBuilder builder;
    builder.SetOption(ReflectionOfAll());
    SetLimits(builder, options.connection_age);
    core_.trust_peers = options.tls == nullptr;
    builder.AddListeningPort(options.listen, ServerCredentialsOf(options.tls), &port_);
    builder.RegisterAsyncGenericService(&others_);
    for (const auto& service : unary_) builder.RegisterService(service.get());
    core_.queue = builder.AddCompletionQueue();
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(absl::StrCat("cannot listen at ", options.listen));
    }
    for (const auto& service : unary_) service->Await();
    for (int i = 0; i < kStreamsAwaited; ++i) StreamCall::Await(core_, others_);
    if (authenticator_ != nullptr) {
      authenticator_->OnRevoked(
          [this](const std::vector<std::string>& ids) { streams_.Revoke(ids, kCommitPatience); });
    }
    poller_ = std::thread([this] { Poll(); });
    OfferQueue(core_.queue.get());
    return absl::OkStatus();
  }

  void StopBeingReady() { readiness_.Drain(); }

  ~State() {
    StopBeingReady();
    streams_.Drain();
    if (server_ != nullptr) server_->Shutdown(absl::ToChronoTime(absl::Now() + drain_));
    for (int calls = core_.calls; calls > 0; calls = core_.calls) core_.calls.wait(calls);
    if (authenticator_ != nullptr) authenticator_->OnRevoked(nullptr);
    workers_.Stop();
    stream_workers_.Stop();
    if (core_.queue != nullptr) {
      WithdrawQueue(core_.queue.get());
      core_.queue->Shutdown();
    }
    if (poller_.joinable()) {
      poller_.join();
    } else if (core_.queue != nullptr) {
      Poll();
    }
  }

  absl::Status ListenForOperators(const std::string& listen) {
    if (listen.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(operations_, Operations::Start(listen, readiness_));
    return absl::OkStatus();
  }

  int port_ = 0;

 private:
  void Poll() {
    using Queue = grpc::CompletionQueue;
    absl::Time look = absl::Now() + kLookEvery;
    while (true) {
      void* tag = nullptr;
      bool ok = false;
      const auto next = core_.queue->AsyncNext(&tag, &ok, absl::ToChronoTime(look));
      if (next == Queue::SHUTDOWN) return;
      if (next == Queue::GOT_EVENT) static_cast<Completion*>(tag)->Done(ok);
      const absl::Time now = absl::Now();
      if (now < look) continue;
      streams_.Look(now);
      look = now + kLookEvery;
    }
  }

  static Server WithHealth(Server server, Health& health) {
    server.Service("grpc.health.v1.Health")
        .Unary("Check", health, &Health::Check, Blocking::kNever);
    return server;
  }

  Readiness readiness_;
  std::unique_ptr<Operations> operations_;
  Health health_;
  const Server server_with_health_;
  Dispatch dispatch_;
  const absl::Duration drain_;  // MayCallAgain(): unary calls take less.
  Authenticator* const authenticator_;
  Streams streams_;
  WorkerPool workers_, stream_workers_;
  ServerCore core_;
  std::vector<std::unique_ptr<UnaryService>> unary_;
  grpc::AsyncGenericService others_;
  std::unique_ptr<grpc::Server> server_;
  std::thread poller_;
};

RunningServer::RunningServer() = default;
RunningServer::~RunningServer() = default;
int RunningServer::port() const { return state_->port_; }
void RunningServer::StopBeingReady() { state_->StopBeingReady(); }

absl::StatusOr<std::unique_ptr<RunningServer>> RunningServer::Start(const Server& server,
                                                                    ServerOptions options) {
  RETURN_IF_ERROR(server.Check());
  if (options.tls == nullptr && !IsLoopback(options.listen)) {
    return absl::FailedPreconditionError("without TLS everybody is trusted: on loopback only");
  }
  std::unique_ptr<RunningServer> running(new RunningServer);
  running->state_ = std::make_unique<State>(server, options);
  RETURN_IF_ERROR(running->state_->Listen(options));
  RETURN_IF_ERROR(running->state_->ListenForOperators(options.operations_listen));
  return running;
}

int RunServer(const Server& server, ServerOptions options) {
  const absl::Duration delay = options.shutdown_delay;
  auto running = RunningServer::Start(server, std::move(options));
  if (!running.ok()) return Fail(running.status());
  LogInfo("started", {{"port", absl::StrCat((*running)->port())}});
  WaitForSignal();
  LogInfo("draining");
  (*running)->StopBeingReady();
  absl::SleepFor(delay);
  running->reset();
  StopTracing();
  LogInfo("stopped");
  return 0;
}

}  // namespace gatehouse
