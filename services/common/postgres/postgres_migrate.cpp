#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/crypto.h"
#include "services/common/observe/log.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {
namespace common {
extern const std::vector<Migration> kMigrations;
}
namespace {

// How long a migration waits for a lock that a running service holds, before it gives up and lets
// the traffic through that queued up behind it; and how often it tries.
constexpr char kLockTimeout[] = "SET LOCAL lock_timeout = '2s'";
constexpr int kAttempts = 30;
constexpr int kConnectAttempts = 120;

// For the transaction alone, so that a pooler may stand between.
void Settle(pqxx::work& work, const std::string& schema) {
  work.exec("SET LOCAL client_min_messages = warning");
  work.exec("SET LOCAL search_path = " + work.quote_name(schema));
}

absl::Status Apply(pqxx::connection& connection, const std::string& schema,
                   const Migration& migration) {
  pqxx::work work(connection);
  Settle(work, schema);
  work.exec(kLockTimeout);
  work.exec("SET LOCAL statement_timeout = 0");
  // One at a time, however many processes start; gone with the transaction.
  work.exec_params("SELECT pg_advisory_xact_lock(hashtext('gatehouse.migrate'), hashtext($1))",
                   schema);
  const std::string checksum = Hex(Sha256(migration.sql));
  const auto rows =
      work.exec_params("SELECT checksum FROM schema_migration WHERE name = $1", migration.name);
  if (!rows.empty()) {
    if (rows[0]["checksum"].as<std::string>() == checksum) return absl::OkStatus();
    return absl::FailedPreconditionError(migration.name + " was edited after it was applied");
  }
  work.exec(migration.sql);
  work.exec_params("INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)", migration.name,
                   checksum);
  work.commit();
  LogInfo("migration.applied", {{"name", migration.name}});
  return absl::OkStatus();
}

absl::Status ApplyPatiently(pqxx::connection& connection, const std::string& schema,
                            const Migration& migration) {
  for (int attempt = 1;; ++attempt) {
    try {
      return Apply(connection, schema, migration);
    } catch (const pqxx::sql_error& error) {
      const bool locked = error.sqlstate() == "55P03" || error.sqlstate() == "40P01";
      if (!locked || attempt == kAttempts) throw;
      LogWarning("migration.waits", {{"name", migration.name}});
      absl::SleepFor(absl::Seconds(1));
    }
  }
}

void CreateSchema(pqxx::connection& connection, const std::string& schema) {
  pqxx::work work(connection);
  Settle(work, schema);
  work.exec("SELECT pg_advisory_xact_lock(hashtext('gatehouse.migrate'), 0)");
  work.exec("CREATE SCHEMA IF NOT EXISTS " + work.quote_name(schema));
  work.exec(
      "CREATE TABLE IF NOT EXISTS schema_migration (name text PRIMARY KEY, checksum text NOT NULL, "
      "apply_time timestamptz NOT NULL DEFAULT now())");
  work.commit();
}

// All of it each time: a table may have come, and a right may have been taken away by hand. What
// was given earlier and is not in this list goes.
void Grant(pqxx::connection& connection, const std::string& schema, const std::string& user) {
  pqxx::work work(connection);
  work.exec(kLockTimeout);
  work.exec("SELECT pg_advisory_xact_lock(hashtext('gatehouse.migrate'), 0)");
  const std::string in = " SCHEMA " + work.quote_name(schema);
  const std::string to = " TO " + work.quote_name(user), from = " FROM " + work.quote_name(user);
  work.exec("REVOKE ALL ON" + in + from);
  work.exec("REVOKE ALL ON ALL TABLES IN" + in + from);
  work.exec("GRANT USAGE ON" + in + to);
  work.exec("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN" + in + to);
  work.exec("GRANT USAGE ON ALL SEQUENCES IN" + in + to);
  // What version the schema has is the owner's word.
  work.exec("REVOKE INSERT, UPDATE, DELETE ON " + work.quote_name(schema) + ".schema_migration" +
            from);
  work.commit();
}

// A database that is still starting is waited for, rather than being a reason to crash.
std::unique_ptr<pqxx::connection> Connect(const std::string& url) {
  for (int attempt = 1;; ++attempt) {
    try {
      return std::make_unique<pqxx::connection>(url);
    } catch (const pqxx::broken_connection&) {
      if (attempt == kConnectAttempts) throw;
      LogWarning("migration.waits", {{"for", "the database"}});
      absl::SleepFor(absl::Seconds(1));
    }
  }
}

}  // namespace

absl::Status Migrate(const Postgres::Options& options, const std::vector<Migration>& migrations,
                     const std::string& user) {
  try {
    const auto connected = Connect(options.url.Reveal());
    pqxx::connection& connection = *connected;
    CreateSchema(connection, options.schema);
    for (const Migration& migration : migrations) {
      RETURN_IF_ERROR(ApplyPatiently(connection, options.schema, migration));
    }
    if (!user.empty()) Grant(connection, options.schema, user);
    LogInfo("migrated", {{"migrations", absl::StrCat(migrations.size())}});
    return absl::OkStatus();
  } catch (const std::exception& exception) {
    return absl::InternalError(
        absl::StrCat("cannot migrate schema ", options.schema, ": ", exception.what()));
  }
}

std::vector<Migration> WithCommon(const std::vector<Migration>& own) {
  std::vector<Migration> all = common::kMigrations;
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

}  // namespace gatehouse
