#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/secret.h"
#include "services/common/base/status.h"
#include "services/common/base/trace.h"
#include "services/common/observe/clock_offset.h"
#include "services/common/postgres/value.h"

namespace gatehouse {

// Whose rows a transaction may touch. Row-level security enforces it behind each query's own
// WHERE clause, by the setting `gatehouse.organisation_id`.
class Rows {
 public:
  static Rows Of(std::string organisation_id) { return Rows(std::move(organisation_id)); }
  // For work that belongs to no one organisation: queues, look-ups by a secret's hash.
  static Rows OfAll() { return Rows("*"); }
  const std::string& setting() const { return setting_; }

 private:
  explicit Rows(std::string setting) : setting_(std::move(setting)) {}
  std::string setting_;
};

struct PostgresSession;

// While in scope an answer of the session's server is awaited. A server that does not give it by
// `limit` and a second is hung, or gone without a word: then the connection ends.
class PostgresWait {
 public:
  PostgresWait(PostgresSession& session, absl::Duration limit);
  ~PostgresWait();
  PostgresWait(const PostgresWait&) = delete;
  PostgresWait& operator=(const PostgresWait&) = delete;

 private:
  PostgresSession& session_;
};

// A transaction, or (outside of one) a connection in autocommit. Statements are prepared once per
// connection, by their text: pass string literals. In a sampled trace they carry it as a comment
// instead, which the server's log and its list of activities show; where there is a pooler they are
// not prepared either.
class Transaction {
 public:
  template <typename... Args>
  pqxx::result Exec(const char* sql, const Args&... args) {
    return Run(sql, {SqlValue(args)...});
  }

  // Has `f` run on this thread once everything is committed and the connection is given back; never
  // where it is rolled back. In the order of adding.
  void AfterCommit(std::function<void()> f) { after_commit_.push_back(std::move(f)); }

 private:
  friend class PostgresWork;
  Transaction(pqxx::transaction_base& transaction, PostgresSession& session, const Rows& rows,
              int timeout_ms, std::string comment);

  pqxx::result Run(const char* sql, std::initializer_list<SqlValue> values);
  // Whether statements get no name: of a sampled trace, or where there is a pooler.
  bool IsUnnamed() const;
  // Whose rows the next statements are about.
  void Use(const Rows& rows);

  pqxx::transaction_base& transaction_;
  PostgresSession& session_;
  Rows rows_;
  const int timeout_ms_;
  std::string settings_;  // Statements that must run before the next one; empty: none.
  const std::string comment_;
  bool touched_ = false;  // Whether a statement may have changed anything.
  std::vector<std::function<void()>> after_commit_;
};

// A pool of connections to one schema. Exceptions stop here: a lost or unreachable server is
// UNAVAILABLE, a deadlock or serialization failure that stays is ABORTED, a passed deadline is
// DEADLINE_EXCEEDED, anything else a fault whose text holds no values. Thread-safe.
//
// A thread holds one connection at most. What is asked of the pool from inside of a transaction
// joins that transaction, on its connection: it sees what was written so far, and is committed or
// rolled back with it. A joined WriteOne or Write that fails takes the whole with it, whatever the
// callback around it answers.
class Postgres {
 public:
  struct Options {
    Secret url;          // postgresql://user:password@host:port/database?sslmode=…
    std::string schema;  // The service's name; set as search_path.
    int connections = 12;
    // Between us and the database stands a pooler that gives each transaction another connection.
    // One is also known by itself, if it invents backend pids as pgbouncer does.
    bool pooler = false;
  };
  // Connects lazily: a database that is away is no reason not to start.
  explicit Postgres(Options options);
  ~Postgres();

  // Runs `f` in autocommit, for statements that only read: one round trip each.
  template <typename F>
  std::invoke_result_t<F, Transaction&> Read(const Rows& rows, F f) {
    return Run<std::invoke_result_t<F, Transaction&>>(rows, Mode::kRead, f);
  }
  // Runs `f` in autocommit, for a single statement that writes: one round trip.
  template <typename F>
  std::invoke_result_t<F, Transaction&> WriteOne(const Rows& rows, F f) {
    return Run<std::invoke_result_t<F, Transaction&>>(rows, Mode::kStatement, f);
  }
  // Runs `f` in a transaction that commits if it returns OK, else rolls back. Tried again, three
  // times at most, after a deadlock or a serialization failure: `f` must be pure but for its SQL.
  // A connection lost at COMMIT answers UNAVAILABLE although the transaction may have committed.
  template <typename F>
  std::invoke_result_t<F, Transaction&> Write(const Rows& rows, F f) {
    return Run<std::invoke_result_t<F, Transaction&>>(rows, Mode::kTransaction, f);
  }

  // Runs `f`, and makes one transaction of all that it writes on this thread: the first write opens
  // it, with `begin` before, and it commits, with `end` before, if `f` returns OK. Reads before the
  // first write hold no connection. Nothing written, nothing opened. One such in another is a
  // fault.
  struct Frame {
    Rows rows;  // Those of `begin` and `end`.
    std::function<absl::Status(Transaction&)> begin, end;
  };
  absl::Status Together(const Frame& frame, const std::function<absl::Status()>& f);

  // Calls `heard`, on a thread of the pool's own and until the handle is gone, with what is said to
  // all processes of the schema:
  //
  //   SELECT pg_notify('gatehouse_' || current_schema(), PAYLOAD)
  //
  // is heard once its transaction commits. Empty: something may have been said that was not heard.
  // `heard` must neither block nor listen. Nothing is heard behind a pooler in transaction mode.
  using Heard = std::function<void(const std::string& payload)>;
  [[nodiscard]] std::shared_ptr<void> Listen(Heard heard);

  // True if a statement can be run now and every migration is applied; for readiness. Measures how
  // far the database's clock is from ours.
  absl::Status Ready(int schema_version);
  const ClockOffset& clock_offset() const { return offset_; }
  // The time of day as the database has it, as far as Ready() knows.
  const Clock& clock() const { return clock_; }

 private:
  friend class PostgresWork;
  enum class Mode { kRead, kStatement, kTransaction };

  template <typename Result, typename F>
  Result Run(const Rows& rows, Mode mode, F& f) {
    Result result = absl::UnknownError("not run");
    const absl::Status status = Execute(rows, mode, [&](Transaction& transaction) -> absl::Status {
      result = f(transaction);
      if constexpr (std::is_same_v<Result, absl::Status>) {
        return result;
      } else {
        return result.status();
      }
    });
    if (!status.ok()) return status;
    return result;
  }
  using Statements = std::function<absl::Status(Transaction&)>;
  absl::Status Execute(const Rows& rows, Mode mode, const Statements& f);
  static absl::Status Open(class PostgresWork& work, const Frame& frame, const Rows& rows,
                           const Trace& trace, const Statements& f);

  const std::unique_ptr<class PostgresPool> pool_;
  const std::unique_ptr<class PostgresListener> listener_;
  ClockOffset offset_{"postgres"};
  const StoreClock clock_{offset_};
};

// Brings the schema up to date: `migrations` in order, each once, in its own transaction, under an
// advisory lock. Creates the schema. They are forward only and never edited (a checksum is kept).
//
// `options.url` is that of the role that owns the schema. `user`, where it is not empty, is the
// role that the service signs in as: it is given the rows, and neither the tables nor TRUNCATE,
// since row- level security binds nobody who may alter a table, and TRUNCATE asks it nothing.
struct Migration {
  std::string name;  // 0001_invitation.sql
  std::string sql;
};
absl::Status Migrate(const Postgres::Options& options, const std::vector<Migration>& migrations,
                     const std::string& user = "");

// A service's migrations, after those of the tables that every service has: the outbox's and
// Once's.
std::vector<Migration> WithCommon(const std::vector<Migration>& own);

// timestamptz to microseconds and back; the infinite times are 'infinity' and '-infinity'.
std::string ToSql(absl::Time time);
absl::Time TimeFromSql(const pqxx::field& field);
pqxx::binarystring Bytes(const std::string& bytes);
std::string BytesFromSql(const pqxx::field& field);

}  // namespace gatehouse
