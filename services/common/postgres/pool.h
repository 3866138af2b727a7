#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/observe/metrics.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// How long the current call may still wait for the database; five seconds at most.
absl::Duration PostgresPatience();

// One connection, and what it remembers so that it need not be told again.
struct PostgresSession {
  explicit PostgresSession(const std::string& connection_string) : connection(connection_string) {}

  // The statement's name on this connection.
  const std::string& Prepare(const char* sql);
  // What must be said before the next statement. The settings outlive a transaction, so most calls
  // find them as they need them.
  std::string Settings(const Rows& rows, int timeout_ms);
  // Nothing is to be read from an idle connection, but the end of one that the server has closed.
  bool IsAlive() const;
  // A setting made inside a transaction that rolled back is back at its old value.
  void Forget() {
    organisation.clear();
    statement_timeout_ms = 0;
  }

  pqxx::connection connection;
  std::unordered_map<std::string, std::string> prepared;
  int named = 0;
  std::string organisation;
  int statement_timeout_ms = 5000;
};

// Lends sessions, as many at once as the options say.
class PostgresPool {
 public:
  explicit PostgresPool(Postgres::Options options);

  // A free session, or room for a new one (null), or UNAVAILABLE when the wait is over.
  absl::StatusOr<std::unique_ptr<PostgresSession>> Take();
  // Null: it broke.
  void Return(std::unique_ptr<PostgresSession> session);

  std::unique_ptr<PostgresSession> Connect() const;

 private:
  const Postgres::Options options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<PostgresSession>> free_;
  int in_use_ = 0, waiting_ = 0;
  const GaugeSource gauges_;  // Last: it reads the others.
};

}  // namespace gatehouse
