#include "services/common/crypto.h"
#include "services/common/service_config.h"
#include "services/identity/access_handler.h"
#include "services/identity/messenger.h"
#include "services/identity/organisations_handler.h"
#include "services/identity/principals_handler.h"
#include "services/identity/store/challenge_store.h"

namespace gatehouse::identity {
extern const std::vector<Migration> kMigrations;
namespace {

int Serve(const ServiceConfig& config, const Secret& operator_key,
          const std::string& notification_address) {
  const Clock clock;
  Postgres postgres(config.postgres);
  Redis redis(config.redis_url);
  Client notification(notification_address, config.tls);
  const auto key = [&](const char* purpose) { return DeriveKey(config.root_key, purpose); };

  OrganisationStore organisations(postgres);
  PostgresAccessStore access(postgres);
  RedisChallengeStore challenge_store(redis, key("challenge subjects"));
  SigningKeys signing_keys(postgres, key("signing keys"), clock);
  NotificationMessenger messenger(notification);
  Challenges challenges(challenge_store, access, messenger, key("challenges"), clock);

  PrincipalsHandler principals(organisations, access, signing_keys, operator_key, clock);
  OrganisationsHandler organisations_handler(organisations, redis, key("api keys"));
  AccessHandler access_handler(challenges, access, redis);
  CachingAuthenticator authenticator(principals.Source(), clock);
  RevocationListener revocations(authenticator, redis, config.redis_url);

  Server server("identity");
  principals.Register(server);
  organisations_handler.Register(server);
  access_handler.Register(server);
  ServerOptions options;
  options.listen = config.listen;
  options.operations_listen = config.operations_listen;
  if (config.tls != nullptr) options.tls = std::make_unique<Tls>(*config.tls);
  options.authenticator = &authenticator;
  options.ready = [&] {
    RETURN_IF_ERROR(postgres.Ready(kMigrations.size()));
    return redis.Ready();
  };
  return RunServer(server, std::move(options));
}

}  // namespace
}  // namespace gatehouse::identity

int main(int argc, char** argv) {
  using namespace gatehouse;
  StartProcess("identity");
  Environment environment;
  const ServiceConfig config = ServiceConfig::Read(environment, "identity");
  const Secret operator_key = environment.SecretValue("GATEHOUSE_OPERATOR_KEY");
  if (operator_key.Reveal().size() < 32) {
    environment.Mistake("GATEHOUSE_OPERATOR_KEY", "must have 32 characters at least");
  }
  const std::string notification = AddressOf(environment, "notification");
  if (const absl::Status status = environment.Status(); !status.ok()) return Fail(status);
  if (const auto code = MigrateIfAsked(argc, argv, config.postgres, identity::kMigrations, false)) {
    return *code;
  }
  return identity::Serve(config, operator_key, notification);
}
