#include "services/common/service/await_root_key.h"

#include <mutex>

#include "services/common/observe/log.h"
#include "services/common/postgres/root_key.h"
#include "services/common/process/process.h"
#include "services/common/rpc/server.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kLookAgain = absl::Milliseconds(500);

// Health and operations, and nothing behind them.
class Waiting {
 public:
  explicit Waiting(const ServiceConfig& config) : server_(config.postgres.schema) {
    ServerOptions options = config.ToServerOptions();
    options.drain = absl::ZeroDuration();
    options.ready = [this] {
      const std::lock_guard lock(mutex_);
      return why_;
    };
    running_ = RunningServer::Start(server_, std::move(options));
  }

  absl::Status status() const { return running_.status(); }

  void Say(const absl::Status& why) {
    const std::lock_guard lock(mutex_);
    if (why.message() != why_.message()) {
      const auto log = absl::IsFailedPrecondition(why) ? LogError : LogWarning;
      log("root_key.awaited", {{"error", std::string(why.message())}});
    }
    why_ = why;
  }

 private:
  const Server server_;
  std::mutex mutex_;
  absl::Status why_ = absl::UnavailableError("starting");
  absl::StatusOr<std::unique_ptr<RunningServer>> running_ = absl::UnknownError("not started");
};

}  // namespace

std::optional<int> AwaitRootKey(ServiceConfig& config) {
  Postgres::Options options = config.postgres;
  options.connections = 1;
  Postgres postgres(options);
  std::optional<Waiting> waiting;
  while (true) {
    auto loaded = LoadRootKey(postgres, config.secret_keys);
    if (loaded.ok()) {
      config.root_key = *std::move(loaded);
      return std::nullopt;
    }
    if (!waiting.has_value()) {
      waiting.emplace(config);
      if (!waiting->status().ok()) return Fail(waiting->status());
    }
    waiting->Say(loaded.status());
    if (WaitForSignal(kLookAgain)) return 0;
  }
}

}  // namespace gatehouse
