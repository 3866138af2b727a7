#include "services/common/service/service_config.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "grpc/health/v1/health.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/observe/log.h"
#include "services/common/postgres/root_key.h"
#include "services/common/redis/redis_address.h"
#include "services/common/rpc/ask_identity.h"
#include "services/common/rpc/tracing.h"

namespace gatehouse {

namespace {

constexpr size_t kSecretKeysMax = 3;

std::vector<Secret> SecretKeys(Environment& environment) {
  const Secret setting = environment.SecretValue("GATEHOUSE_SECRET_KEY");
  std::vector<Secret> keys;
  for (const absl::string_view text : absl::StrSplit(setting.Reveal(), ',')) {
    const auto key = FromBase64Url(std::string(absl::StripAsciiWhitespace(text)));
    if (key.ok() && key->size() == 32 && keys.size() < kSecretKeysMax) {
      keys.emplace_back(*key);
    } else {
      environment.Mistake("GATEHOUSE_SECRET_KEY",
                          "must be 32 bytes in base64url, or the new and the old such key with a "
                          "comma between them");
    }
  }
  return keys;
}

}  // namespace

ServiceConfig ServiceConfig::Read(Environment& environment, const std::string& service) {
  ServiceConfig config;
  config.postgres = {.url = environment.SecretValue("GATEHOUSE_POSTGRES_URL"), .schema = service};
  const std::string pooler = environment.Text("GATEHOUSE_POSTGRES_POOLER", "auto");
  config.postgres.pooler = pooler == "transaction";
  if (pooler != "transaction" && pooler != "auto") {
    environment.Mistake("GATEHOUSE_POSTGRES_POOLER", "can only be auto or transaction");
  }
  config.clock_offset_max =
      absl::Seconds(environment.Number("GATEHOUSE_CLOCK_OFFSET_MAX_SECONDS", 5, 1, 86400));
  config.redis_url = ReadRedisUrl(environment);
  config.secret_keys = SecretKeys(environment);
  config.listen = environment.Text("GATEHOUSE_LISTEN");
  config.operations_listen = environment.Text("GATEHOUSE_OPERATIONS_LISTEN", "");
  config.tls = ReadTls(environment);
  if (config.tls == nullptr && !config.listen.empty() && !IsLoopback(config.listen)) {
    environment.Mistake("GATEHOUSE_LISTEN", "must be a loopback address where there is no TLS");
  }
  config.shutdown_delay =
      absl::Seconds(environment.Number("GATEHOUSE_SHUTDOWN_DELAY_SECONDS", 0, 0, 300));
  config.connection_age =
      absl::Seconds(environment.Number("GATEHOUSE_CONNECTION_AGE_SECONDS", 60, 1, 86400));
  const auto number = [&](const char* name, int fallback, int max) {
    return static_cast<int>(environment.Number(name, fallback, 1, max));
  };
  StreamLimits& limits = config.stream_limits;
  limits.streams_max = number("GATEHOUSE_STREAMS_MAX", limits.streams_max, 100000);
  limits.per_credential_max =
      number("GATEHOUSE_STREAMS_PER_CREDENTIAL", limits.per_credential_max, 100000);
  limits.per_address_max = number("GATEHOUSE_STREAMS_PER_ADDRESS", limits.per_address_max, 100000);
  limits.rate_min = environment.Number("GATEHOUSE_STREAM_RATE_MIN", limits.rate_min, 0, 1 << 30);
  config.retentions = {
      {"once", "create_time < $1",
       absl::Hours(24) * environment.Number("GATEHOUSE_RETENTION_REQUEST_ID_DAYS", 7, 1, 3650)},
      {"job", "dead AND create_time < $1",
       absl::Hours(24) * environment.Number("GATEHOUSE_RETENTION_DEAD_DAYS", 30, 1, 3650)}};
  StartTracing(service, environment);
  return config;
}

ServerOptions ServiceConfig::ToServerOptions() const {
  ServerOptions options;
  options.listen = listen;
  options.operations_listen = operations_listen;
  if (tls != nullptr) options.tls = std::make_unique<Tls>(*tls);
  options.shutdown_delay = shutdown_delay;
  options.connection_age = connection_age;
  options.stream_limits = stream_limits;
  return options;
}

namespace {

absl::Status Probe(const ServiceConfig& config) {
  Client self("localhost" + config.listen.substr(config.listen.rfind(':')), config.tls);
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("liveness");
  return self.Call(&grpc::health::v1::Health_Stub::Check, "", request).status();
}

}  // namespace

std::optional<int> RunMigration(int argc, char** argv, const std::string& service,
                                const std::vector<Migration>& migrations) {
  if (argc != 2 || absl::string_view(argv[1]) != "migrate") return std::nullopt;
  Environment environment;
  const Postgres::Options options = {.url = environment.SecretValue("GATEHOUSE_POSTGRES_URL"),
                                     .schema = service};
  const std::string user = environment.Text("GATEHOUSE_POSTGRES_GRANT_TO", "");
  absl::Status status = environment.Status();
  if (status.ok()) status = Migrate(options, migrations, user);
  return status.ok() ? 0 : Fail(status);
}

std::optional<int> RunCommand(int argc, char** argv, const ServiceConfig& config, Commands more) {
  if (argc == 1) return std::nullopt;
  more["probe"] = [&] { return Probe(config); };
  const auto command = more.find(argc == 2 ? argv[1] : "");
  if (command == more.end()) {
    const auto name = [](std::string* out, const auto& entry) { out->append(entry.first); };
    return Fail(absl::InvalidArgumentError(absl::StrCat("usage: ", argv[0], " [--version|migrate|",
                                                        absl::StrJoin(more, "|", name), "]")));
  }
  const absl::Status status = command->second();
  return status.ok() ? 0 : Fail(status);
}

absl::Status CheckStores(const ServiceConfig& config, int migrations, Postgres& postgres,
                         Redis& redis) {
  redis.Probe();
  RETURN_IF_ERROR(postgres.Ready(migrations));
  return postgres.clock_offset().Check(config.clock_offset_max);
}

ServiceBase::ServiceBase(ServiceConfig config, const std::string& identity_address, int migrations)
    : config_(std::move(config)),
      migrations_(migrations),
      postgres_(config_.postgres),
      redis_(config_.redis_url),
      identity_(identity_address, config_.tls),
      authenticator_(AskIdentity(identity_), postgres_.clock()),
      revocations_(authenticator_, redis_, config_.redis_url) {}

int ServiceBase::Run(const Server& server, std::function<absl::Status()> ready,
                     Sweeper::Collect collect) {
  Sweeper sweeper(postgres_, config_.retentions, clock(), std::move(collect));
  sweeper.Start();
  // From the first call on the time is the database's.
  (void)postgres_.Ready(migrations_);
  ServerOptions options = config_.ToServerOptions();
  options.authenticator = &authenticator_;
  options.ready = [this, ready = std::move(ready)]() -> absl::Status {
    RETURN_IF_ERROR(CheckStores(config_, migrations_, postgres_, redis_));
    RETURN_IF_ERROR(CheckRootKey(postgres_, config_.root_key));
    return ready == nullptr ? absl::OkStatus() : ready();
  };
  return RunServer(server, std::move(options));
}

}  // namespace gatehouse
