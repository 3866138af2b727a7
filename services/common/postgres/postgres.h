#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/secret.h"
#include "services/common/base/status.h"

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

// A transaction, or (for Read) a connection in autocommit. Statements are prepared once per
// connection, by their text: pass string literals. In a sampled trace they carry it as a comment
// instead, which the server's log and its list of activities show.
class Transaction {
 public:
  template <typename... Args>
  pqxx::result Exec(const char* sql, const Args&... args) {
    if (!comment_.empty()) {
      if (!settings_.empty()) transaction_.exec(settings_);
      settings_.clear();
      touched_ = true;
      return transaction_.exec_params(sql + comment_, args...);
    }
    const std::string& name = prepare_(sql);
    touched_ = true;
    if (settings_.empty()) return transaction_.exec_prepared(name, args...);
    // In one round trip with what the connection must be told first. A statement that fails takes
    // the settings back with it: then they are still to be sent.
    std::string values;
    ((values += (values.empty() ? "(" : ", ") + Quoted(args)), ...);
    if (!values.empty()) values += ")";
    pqxx::result result = transaction_.exec(settings_ + "EXECUTE " + name + values);
    settings_.clear();
    return result;
  }

 private:
  friend class Postgres;
  Transaction(pqxx::transaction_base& transaction,
              std::function<const std::string&(const char*)> prepare, std::string settings,
              std::string comment, bool& touched)
      : transaction_(transaction),
        prepare_(std::move(prepare)),
        settings_(std::move(settings)),
        comment_(std::move(comment)),
        touched_(touched) {}

  template <typename T>
  std::string Quoted(const T& value) {
    return transaction_.quote(value);
  }
  template <typename T>
  std::string Quoted(const std::optional<T>& value) {
    return value.has_value() ? Quoted(*value) : "NULL";
  }

  pqxx::transaction_base& transaction_;
  const std::function<const std::string&(const char*)> prepare_;
  std::string settings_;  // Statements that must run before the first one; empty: none.
  const std::string comment_;
  bool& touched_;  // Whether a statement may have changed anything.
};

// A pool of connections to one schema. Exceptions stop here: a lost or unreachable server is
// UNAVAILABLE, a deadlock or serialization failure that stays is ABORTED, a passed deadline is
// DEADLINE_EXCEEDED, anything else a fault whose text holds no values. Thread-safe.
class Postgres {
 public:
  struct Options {
    Secret url;          // postgresql://user:password@host:port/database?sslmode=…
    std::string schema;  // The service's name; set as search_path.
    int connections = 12;
  };
  // Connects lazily: a database that is away is no reason not to start.
  explicit Postgres(Options options);
  ~Postgres();

  // Runs `f` in autocommit, for a single statement that reads or writes: one round trip.
  template <typename F>
  std::invoke_result_t<F, Transaction&> Read(const Rows& rows, F f) {
    return Run<std::invoke_result_t<F, Transaction&>>(rows, false, f);
  }
  // Runs `f` in a transaction that commits if it returns OK, else rolls back. Tried again, three
  // times at most, after a deadlock or a serialization failure: `f` must be pure but for its SQL.
  // A connection lost at COMMIT answers UNAVAILABLE although the transaction may have committed.
  template <typename F>
  std::invoke_result_t<F, Transaction&> Write(const Rows& rows, F f) {
    return Run<std::invoke_result_t<F, Transaction&>>(rows, true, f);
  }

  // True if a statement can be run now and every migration is applied; for readiness.
  absl::Status Ready(int schema_version);

 private:
  template <typename Result, typename F>
  Result Run(const Rows& rows, bool transactional, F& f) {
    Result result = absl::UnknownError("not run");
    const absl::Status status =
        Execute(rows, transactional, [&](Transaction& transaction) -> absl::Status {
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
  absl::Status Execute(const Rows& rows, bool transactional,
                       const std::function<absl::Status(Transaction&)>& f);

  class Pool;
  std::unique_ptr<Pool> pool_;
};

// Brings the schema up to date: `migrations` in order, each once, in its own transaction, under an
// advisory lock. Creates the schema. They are forward only and never edited (a checksum is kept).
struct Migration {
  std::string name;  // 0001_invitation.sql
  std::string sql;
};
absl::Status Migrate(const Postgres::Options& options, const std::vector<Migration>& migrations);

// timestamptz to microseconds and back; the infinite times are 'infinity' and '-infinity'.
std::string ToSql(absl::Time time);
absl::Time TimeFromSql(const pqxx::field& field);
pqxx::binarystring Bytes(const std::string& bytes);
std::string BytesFromSql(const pqxx::field& field);

}  // namespace gatehouse
