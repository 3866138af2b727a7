#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/observe/metrics.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// How long the current call may still wait for the database; five seconds at most.
absl::Duration PostgresPatience();

// One connection, and what it remembers so that it need not be told again.
//
// A pooler in transaction mode (pgbouncer) gives each transaction another connection to the server,
// on which others were before and will be after: there every statement is part of a transaction,
// settings end with it, and no statement has a name.
struct PostgresSession {
  explicit PostgresSession(const Postgres::Options& options);

  // Finds out whom it speaks to, and says what holds for the session.
  void Introduce(bool pooler);

  // The statement's name on this connection.
  const std::string& Prepare(const char* sql);
  // What must be said before the next statement. The settings outlive a transaction, so most calls
  // find them as they need them; where there is a pooler, none does.
  std::string Settings(const Rows& rows, int timeout_ms);
  // Whether nothing has come from the server that was not read.
  bool IsSilent() const;
  // Nothing is to be read from an idle connection, but the end of one that the server has closed.
  bool IsAlive() const { return connection.is_open() && IsSilent(); }
  // A setting made inside a transaction that rolled back is back at its old value.
  void Forget() {
    organisation.clear();
    statement_timeout_ms = 0;
  }

  pqxx::connection connection;
  const std::string schema;
  const std::string peer;  // host:port that answered, for the log.
  bool pooled = false;
  int64_t generation = 0;  // Of PostgresPool.
  // When an answer was asked for, and by when it must have come: Unix time in nanoseconds; 0 where
  // none is awaited.
  std::atomic<int64_t> awaited_since = 0, awaited_until = 0;
  std::unordered_map<std::string, std::string> prepared;
  int named = 0;
  std::string organisation;
  int statement_timeout_ms = 5000;
};

// Lends sessions, as many at once as the options say. A server that lets an answer wait for longer
// than it said it would is hung, or gone without a word: all that wait for it are told (their
// sockets are shut down), and no session with it is lent again.
class PostgresPool {
 public:
  explicit PostgresPool(Postgres::Options options);
  ~PostgresPool();

  // A free session, or room for a new one (null), or UNAVAILABLE when the wait is over.
  absl::StatusOr<std::unique_ptr<PostgresSession>> Take();
  // Null: it never was. What `broke` is not lent again.
  void Return(std::unique_ptr<PostgresSession> session, bool broke);

  std::unique_ptr<PostgresSession> Connect();
  // host:port of all that the URL names, for the log.
  const std::string& hosts() const { return hosts_; }
  // The server is none to write to any more: no session that there is now is lent again.
  void Abandon();

 private:
  void Watch();
  // A session that waits for longer than it may; null: none does.
  const PostgresSession* Hung(absl::Time now) const;

  const Postgres::Options options_;
  const std::string hosts_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<PostgresSession>> free_;
  std::set<PostgresSession*> lent_;  // Those of in_use_ that are connected.
  int in_use_ = 0, waiting_ = 0;
  int64_t generation_ = 0;  // Sessions of an earlier one are not lent.
  std::condition_variable ended_;
  bool end_ = false;
  std::thread watch_;
  const GaugeSource gauges_;  // Last: it reads the others.
};

}  // namespace gatehouse
