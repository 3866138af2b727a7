#include <fstream>
#include <iterator>

#include "absl/strings/str_split.h"
#include "services/common/base/crypto.h"
#include "services/common/postgres/root_key.h"
#include "services/common/process/process.h"
#include "services/common/rpc/worker_pool.h"
#include "services/common/service/await_root_key.h"
#include "services/common/service/service_config.h"
#include "services/identity/access_handler.h"
#include "services/identity/audit/audit_trail_handler.h"
#include "services/identity/breakers/breakers_handler.h"
#include "services/identity/breakers/store/postgres_breakers.h"
#include "services/identity/confirmations_handler.h"
#include "services/identity/domain/email_code.h"
#include "services/identity/erasure/handler.h"
#include "services/identity/exports/handler.h"
#include "services/identity/messenger.h"
#include "services/identity/notice_job.h"
#include "services/identity/organisations_handler.h"
#include "services/identity/passkeys/passkeys_handler.h"
#include "services/identity/passkeys/store/postgres_passkeys.h"
#include "services/identity/passkeys/store/redis_ceremonies.h"
#include "services/identity/passwords/argon2.h"
#include "services/identity/passwords/passwords_handler.h"
#include "services/identity/passwords/store/postgres_passwords.h"
#include "services/identity/passwords/store/redis_limits.h"
#include "services/identity/portals/portals_handler.h"
#include "services/identity/principals_handler.h"
#include "services/identity/recovery/recovery_handler.h"
#include "services/identity/recovery/store/postgres_recovery.h"
#include "services/identity/store/access_store.h"
#include "services/identity/store/challenge_store.h"
#include "services/identity/store/key_store.h"
#include "services/identity/store/organisation_store.h"

namespace gatehouse::identity {
extern const std::vector<Migration> kMigrations;
extern const char kMostUsedPasswords[];
namespace {

// Who hand over the codes that nobody waits for.
constexpr int kCodeThreads = 4;
constexpr size_t kCodesWaitingMax = 1000;

// While a key is being replaced both are good: GATEHOUSE_OPERATOR_KEY is the new and the old one
// with a comma between them.
std::vector<Secret> OperatorKeys(Environment& environment) {
  std::vector<Secret> keys;
  const Secret setting = environment.SecretValue("GATEHOUSE_OPERATOR_KEY");
  for (const absl::string_view key : absl::StrSplit(setting.Reveal(), ',')) {
    if (key.size() < 32) {
      environment.Mistake("GATEHOUSE_OPERATOR_KEY", "must have 32 characters at least");
    }
    keys.emplace_back(std::string(key));
  }
  return keys;
}

// The list that comes along, and the operator's own.
std::vector<std::string> BlockedLists(Environment& environment) {
  std::vector<std::string> lists = {kMostUsedPasswords};
  const auto path = environment.OptionalText("GATEHOUSE_PASSWORD_BLOCKLIST");
  if (!path.has_value()) return lists;
  std::ifstream file(*path);
  if (!file) environment.Mistake("GATEHOUSE_PASSWORD_BLOCKLIST", "must be a file to read");
  lists.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return lists;
}

// Sessions and staff tokens count from when they could last have been used.
void AddRetentions(Environment& environment, std::vector<Retention>& retentions) {
  retentions.push_back(
      {"session", "expire_time < $1",
       absl::Hours(24) * environment.Number("GATEHOUSE_RETENTION_SESSION_DAYS", 90, 1, 3650)});
  retentions.push_back(
      {"staff_token", "expire_time < $1",
       absl::Hours(24) * environment.Number("GATEHOUSE_RETENTION_STAFF_TOKEN_DAYS", 90, 1, 3650)});
  retentions.push_back({"code_breaker", "last_time < $1", absl::Hours(24) * 30});
  // Wrong passwords, also for addresses that are nobody's: longer than any lock.
  retentions.push_back(
      {"factor", "starts_with(account_id, 'adr_') AND failure_time < $1", absl::Hours(24) * 30});
}

struct Limits {
  absl::Duration audit_kept;
  int codes_a_day;  // Of an organisation, by SMS and by e-mail.

  static Limits Read(Environment& environment) {
    return {.audit_kept = absl::Hours(24) *
                          environment.Number("GATEHOUSE_RETENTION_AUDIT_DAYS", 2557, 1, 36500),
            .codes_a_day = static_cast<int>(environment.Number(
                "GATEHOUSE_CODES_PER_DAY", kCodesADayByOrganisation, 1, 100000000))};
  }
};

absl::Status RotateSigningKey(const ServiceConfig& config, bool distrust_old) {
  const Clock clock;
  Postgres postgres(config.postgres);
  ASSIGN_OR_RETURN(const Secret root_key, LoadRootKey(postgres, config.secret_keys));
  return SigningKeys(postgres, DeriveKey(root_key, "signing keys"), clock).Rotate(distrust_old);
}

// The chain of the audit trail, which grows while this lives.
struct AuditKeeping {
  explicit AuditKeeping(Postgres& postgres) : chain(postgres) { extender.Start(); }
  PostgresAuditChain chain;
  AuditTrailHandler handler{chain};
  AuditExtender extender{chain};
};

// Clients' passkeys.
struct PasskeyKeeping {
  PasskeyKeeping(Postgres& postgres, Redis& redis, Jobs& jobs, AccessStore& access,
                 const Challenges& challenges, const Secret& root_key)
      : store(postgres, jobs, access, DeriveKey(root_key, "passkey subjects")),
        ceremonies(redis, DeriveKey(root_key, "passkey ceremonies")),
        passkeys({store, ceremonies, access, challenges, DeriveKey(root_key, "passkeys"),
                  postgres.clock()}),
        handler(passkeys, store, redis) {}
  PostgresPasskeyStore store;
  RedisPasskeyCeremonies ceremonies;
  Passkeys passkeys;
  PasskeysHandler handler;
};

// Contacts that are to be forgotten.
struct Forgetting {
  Forgetting(const ServiceConfig& config, Postgres& postgres, Redis& redis,
             RedisChallengeStore& challenges, Once& once)
      : store(postgres, SealedTraces({.job_keys = {DeriveKey(config.root_key, "notices")},
                                      .once_key = DeriveKey(config.root_key, "first answers"),
                                      .spared_lanes = {}})),
        handler({store, challenges, once, redis}) {}
  ErasureStore store;
  ErasureHandler handler;
};

// What was sent and not yet proved, and what holds back more of it.
struct Sent {
  Sent(Postgres& postgres, Redis& redis, Secret key, int codes_a_day)
      : breakers(postgres),
        challenges(redis, std::move(key),
                   {.codes_a_day = codes_a_day, .on_held = [this](const HeldBack& held) {
                      (void)breakers.Note(held, Call::Current());
                    }}) {}
  PostgresBreakers breakers;
  RedisChallengeStore challenges;
  BreakersHandler handler{breakers, challenges};
};

ServerOptions OptionsOf(const ServiceConfig& config, CachingAuthenticator& authenticator,
                        Postgres& postgres, Redis& redis) {
  ServerOptions options = config.ToServerOptions();
  options.authenticator = &authenticator;
  const int migrations = static_cast<int>(WithCommon(kMigrations).size());
  // From the first call on the time is the database's.
  (void)postgres.Ready(migrations);
  options.ready = [&config, &postgres, &redis, migrations]() -> absl::Status {
    RETURN_IF_ERROR(CheckStores(config, migrations, postgres, redis));
    return CheckRootKey(postgres, config.root_key);
  };
  return options;
}

template <typename... Handlers>
void RegisterAll(Server& server, Handlers&... handlers) {
  (handlers.Register(server), ...);
}

int Serve(const ServiceConfig& config, const std::vector<Secret>& operator_keys,
          const BlockedPasswords& blocked, const std::string& notification_address,
          const Limits& limits) {
  Postgres postgres(config.postgres);
  const Clock& clock = postgres.clock();
  Redis redis(config.redis_url);
  Client notification(notification_address, config.tls);
  const auto key = [&](const char* purpose) { return DeriveKey(config.root_key, purpose); };

  PostgresOrganisationStore organisations(postgres);
  PostgresKeyStore key_store(postgres);
  Keys keys(key_store, key("api keys"), clock);
  Once once(postgres, key("first answers"));
  PostgresAccessStore access(postgres);
  Sent sent(postgres, redis, key("challenge subjects"), limits.codes_a_day);
  RedisChallengeStore& challenge_store = sent.challenges;
  SigningKeys signing_keys(postgres, key("signing keys"), clock);
  NotificationMessenger messenger(notification);
  SmsCode sms_code(messenger, key("challenges"));
  EmailCode email_code(messenger, key("challenges"));
  // What it does not take stays due, for whoever asks again.
  WorkerPool sending("codes", kCodeThreads, kCodesWaitingMax);
  const auto later = [&](std::function<void()> work) { (void)sending.Run(std::move(work)); };
  Challenges challenges(challenge_store, access, {&sms_code, &email_code}, key("challenges"), clock,
                        later);
  Jobs jobs(postgres, {.key = key("notices"), .lanes = {{kNoticeLane, NoticeWork(notification)}}});
  PasskeyKeeping passkeys(postgres, redis, jobs, access, challenges, config.root_key);
  PostgresPasswordStore password_store(postgres, jobs, key("password subjects"));
  RedisPasswordLimits password_limits(redis, key("password limits"));
  Argon2 argon2;
  NotificationResetMailer reset_mailer(notification);
  Passwords passwords({password_store, password_limits, argon2, reset_mailer, blocked, challenges,
                       access, key("passwords"), clock, later, passkeys.passkeys});
  PostgresRecoveryStore recovery_store(postgres, jobs);
  Recovery recovery(recovery_store, access, challenges, key("recovery codes"), clock);

  // The same limits and locks, since a factor's key is the same; codes of their own.
  SmsCode confirmation_code(messenger, key("confirmations"), "cnf");
  Challenges confirmations(challenge_store, access, {&confirmation_code}, key("challenges"), clock,
                           later);
  ConfirmationsHandler confirmations_handler(confirmations, passkeys.passkeys);

  Principals principals(key_store, access, operator_keys, clock);
  PrincipalsHandler principals_handler(principals, organisations, signing_keys, clock);
  OrganisationsHandler organisations_handler(organisations, key_store, keys, once, redis);
  AccessHandler access_handler(challenges, access, redis);
  PasswordsHandler passwords_handler(passwords, redis);
  PortalStore portal_store(postgres);
  PortalsHandler portals_handler(portal_store, redis);
  RecoveryHandler recovery_handler(recovery, recovery_store, redis);
  CachingAuthenticator authenticator(principals_handler.Source(), clock);
  RevocationListener revocations(authenticator, redis, config.redis_url);

  Forgetting forgetting(config, postgres, redis, challenge_store, once);
  ExportHandler exports(postgres);
  AuditKeeping audit(postgres);
  Sweeper sweeper(postgres, config.retentions, clock,
                  [&](absl::Time now) { return audit.chain.Forget(now - limits.audit_kept); });
  sweeper.Start();
  Server server("identity");
  RegisterAll(server, principals_handler, organisations_handler, audit.handler, access_handler,
              passkeys.handler, passwords_handler, portals_handler, recovery_handler,
              confirmations_handler, forgetting.handler, exports, sent.handler);
  const int code = RunServer(server, OptionsOf(config, authenticator, postgres, redis));
  sending.Stop();  // What it still does uses the others.
  return code;
}

}  // namespace
}  // namespace gatehouse::identity

int main(int argc, char** argv) {
  using namespace gatehouse;
  StartProcess("identity", argc, argv);
  const auto migrations = WithCommon(identity::kMigrations);
  if (const auto code = RunMigration(argc, argv, "identity", migrations)) return *code;
  Environment environment;
  ServiceConfig config = ServiceConfig::Read(environment, "identity");
  identity::AddRetentions(environment, config.retentions);
  const std::vector<Secret> operator_keys = identity::OperatorKeys(environment);
  const identity::BlockedPasswords blocked(identity::BlockedLists(environment));
  const std::string notification = AddressOf(environment, "notification");
  const identity::Limits limits = identity::Limits::Read(environment);
  if (const absl::Status status = environment.Status(); !status.ok()) return Fail(status);
  const Commands more = {
      {"rotate-signing-key", [&] { return identity::RotateSigningKey(config, false); }},
      {"distrust-signing-keys", [&] { return identity::RotateSigningKey(config, true); }}};
  if (const auto code = RunCommand(argc, argv, config, more)) return *code;
  if (const auto code = AwaitRootKey(config)) return *code;
  return identity::Serve(config, operator_keys, blocked, notification, limits);
}
