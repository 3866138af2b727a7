#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/common/auth/auth.h"
#include "services/common/jobs/sweeper.h"
#include "services/common/postgres/postgres.h"
#include "services/common/process/config.h"
#include "services/common/redis/redis.h"
#include "services/common/rpc/server.h"

namespace gatehouse {

// The settings that every service with a database reads.
struct ServiceConfig {
  Postgres::Options postgres;       // GATEHOUSE_POSTGRES_URL
  absl::Duration clock_offset_max;  // GATEHOUSE_CLOCK_OFFSET_MAX_SECONDS; 5 s by default
  Secret redis_url;                 // GATEHOUSE_REDIS_URL
  std::vector<Secret> secret_keys;  // GATEHOUSE_SECRET_KEY, decoded: the first seals, all open
  Secret root_key;                  // Theirs, as AwaitRootKey() finds it
  std::string listen;               // GATEHOUSE_LISTEN
  std::string operations_listen;    // GATEHOUSE_OPERATIONS_LISTEN; empty: none
  // What every service keeps for a while: GATEHOUSE_RETENTION_REQUEST_ID_DAYS,
  // GATEHOUSE_RETENTION_DEAD_DAYS. A service adds its own kinds.
  std::vector<Retention> retentions;
  std::unique_ptr<Tls> tls;       // GATEHOUSE_TLS_DIR; null: GATEHOUSE_PLAINTEXT
  absl::Duration shutdown_delay;  // GATEHOUSE_SHUTDOWN_DELAY_SECONDS; none by default
  absl::Duration connection_age;  // GATEHOUSE_CONNECTION_AGE_SECONDS; 60 s by default
  StreamLimits stream_limits;     // GATEHOUSE_STREAM…

  static ServiceConfig Read(Environment& environment, const std::string& service);
  // What a server is to do, but for who may call it and when it is ready.
  ServerOptions ToServerOptions() const;
};

// `gatehouse-NAME migrate` brings the schema up to date, once the database is there: its exit code,
// or nothing where something else is asked for. It reads GATEHOUSE_POSTGRES_URL, the owner's here,
// and GATEHOUSE_POSTGRES_GRANT_TO, the role that the service signs in as; no key and no
// certificate, so that who migrates needs none. First in main().
std::optional<int> RunMigration(int argc, char** argv, const std::string& service,
                                const std::vector<Migration>& migrations);

// What else a program does than serve: its exit code, or nothing where it is to serve.
//   probe    whether the process that serves here answers on a new connection; asks no store
// and what the service adds, by name.
using Commands = std::map<std::string, std::function<absl::Status()>>;
std::optional<int> RunCommand(int argc, char** argv, const ServiceConfig& config,
                              Commands more = {});

// Whether a process that stands on these stores can serve: the database answers, at `migrations` or
// more, and its clock is ours but for seconds. Redis is looked at and shown, and is no condition:
// without it all goes on but signing in.
absl::Status CheckStores(const ServiceConfig& config, int migrations, Postgres& postgres,
                         Redis& redis);

// What every service but identity stands on: its database, Redis, and principals from identity.
class ServiceBase {
 public:
  // `migrations` is how many the schema must have had for the service to be ready.
  ServiceBase(ServiceConfig config, const std::string& identity_address, int migrations);

  Postgres& postgres() { return postgres_; }
  // The time of day, by the database's clock.
  const Clock& clock() const { return postgres_.clock(); }
  const std::unique_ptr<Tls>& tls() const { return config_.tls; }
  const Secret& root_key() const { return config_.root_key; }
  // Serves until told to end, and sweeps beside that; `collect` is a part of each round. Ready
  // while CheckStores() and, where given, `ready` say so.
  int Run(const Server& server, std::function<absl::Status()> ready = nullptr,
          Sweeper::Collect collect = nullptr);

 private:
  ServiceConfig config_;
  const int migrations_;
  Postgres postgres_;
  Redis redis_;
  Client identity_;
  CachingAuthenticator authenticator_;
  RevocationListener revocations_;
};

}  // namespace gatehouse
