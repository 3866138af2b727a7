#include "services/common/service_config.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/common/crypto.h"
#include "services/common/log.h"
#include "services/common/outbox.h"

namespace gatehouse {

ServiceConfig ServiceConfig::Read(Environment& environment, const std::string& service) {
  ServiceConfig config;
  config.postgres = {.url = environment.SecretValue("GATEHOUSE_POSTGRES_URL"), .schema = service};
  config.redis_url = environment.SecretValue("GATEHOUSE_REDIS_URL");
  const auto key = FromBase64Url(environment.SecretValue("GATEHOUSE_SECRET_KEY").Reveal());
  if (key.ok() && key->size() == 32) {
    config.root_key = Secret(*key);
  } else {
    environment.Mistake("GATEHOUSE_SECRET_KEY", "must be 32 bytes in base64url");
  }
  config.listen = environment.Text("GATEHOUSE_LISTEN");
  config.operations_listen = environment.Text("GATEHOUSE_OPERATIONS_LISTEN", "");
  if (const auto directory = environment.OptionalText("GATEHOUSE_TLS_DIR")) {
    config.tls = std::make_unique<Tls>(Tls{*directory});
  }
  return config;
}

std::string AddressOf(Environment& environment, const std::string& service) {
  return environment.Text(absl::StrCat("GATEHOUSE_", absl::AsciiStrToUpper(service), "_ADDRESS"));
}

std::optional<int> MigrateIfAsked(int argc, char** argv, const Postgres::Options& postgres,
                                  std::vector<Migration> migrations, bool with_outbox) {
  if (argc != 2 || std::string(argv[1]) != "migrate") return std::nullopt;
  if (with_outbox) migrations.insert(migrations.begin(), kOutboxMigration);
  if (const absl::Status status = Migrate(postgres, migrations); !status.ok()) return Fail(status);
  LogInfo("migrated", {{"migrations", absl::StrCat(migrations.size())}});
  return 0;
}

ServiceBase::ServiceBase(ServiceConfig config, const std::string& identity_address, int migrations)
    : config_(std::move(config)),
      migrations_(migrations),
      postgres_(config_.postgres),
      redis_(config_.redis_url),
      identity_(identity_address, config_.tls),
      authenticator_(AskIdentity(identity_), clock_),
      revocations_(authenticator_, redis_, config_.redis_url) {}

int ServiceBase::Run(const Server& server) {
  ServerOptions options;
  options.listen = config_.listen;
  options.operations_listen = config_.operations_listen;
  if (config_.tls != nullptr) options.tls = std::make_unique<Tls>(*config_.tls);
  options.authenticator = &authenticator_;
  options.ready = [this] { return postgres_.Ready(migrations_); };
  return RunServer(server, std::move(options));
}

}  // namespace gatehouse
