#include "services/common/postgres/postgres.h"

#include <poll.h>

#include <condition_variable>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr int kAttempts = 3;

absl::Duration Remaining() { return std::min(kPatience, Call::Current().deadline - absl::Now()); }

std::string ConnectionString(const Postgres::Options& options) {
  const std::string& url = options.url.Reveal();
  // search_path names the service's own schema alone; pg_catalog is always searched.
  return absl::StrCat(
      url, absl::StrContains(url, "?") ? "&" : "?", "connect_timeout=3",
      "&application_name=gatehouse-", options.schema, "&options=-csearch_path%3D", options.schema,
      "%20-cstatement_timeout%3D5000%20-cidle_in_transaction_session_timeout%3D30000"
      "%20-ctimezone%3DUTC");
}

}  // namespace

// One connection, and what it remembers so that it need not be told again.
struct Session {
  explicit Session(const std::string& connection_string) : connection(connection_string) {}

  // The statement's name on this connection. PostgreSQL cuts names at 63 bytes, so the text itself
  // cannot be one.
  const std::string& Prepare(const char* sql) {
    const auto known = prepared.find(sql);
    if (known != prepared.end()) return known->second;
    const std::string name = absl::StrCat("s", prepared.size());
    connection.prepare(name, sql);
    connection.prepare_now(name);
    return prepared[sql] = name;
  }
  // What must be said before the next statement. The settings outlive a transaction, so most calls
  // find them as they need them.
  std::string Settings(const Rows& rows, int timeout_ms) {
    std::string settings;
    if (rows.setting() != organisation) {
      absl::StrAppend(&settings,
                      "SET gatehouse.organisation_id = ", connection.quote(rows.setting()), "; ");
    }
    if (timeout_ms != statement_timeout_ms) {
      absl::StrAppend(&settings, "SET statement_timeout = ", timeout_ms, "; ");
    }
    organisation = rows.setting();
    statement_timeout_ms = timeout_ms;
    return settings;
  }

  // Nothing is to be read from an idle connection, but the end of one that the server has closed.
  bool IsAlive() const {
    pollfd socket = {connection.sock(), POLLIN, 0};
    return connection.is_open() && poll(&socket, 1, 0) == 0;
  }
  // A setting made inside a transaction that rolled back is back at its old value.
  void Forget() {
    organisation.clear();
    statement_timeout_ms = 0;
  }

  pqxx::connection connection;
  std::unordered_map<std::string, std::string> prepared;
  std::string organisation;
  int statement_timeout_ms = 5000;
};

class Postgres::Pool {
 public:
  explicit Pool(Options options)
      : options_(std::move(options)), gauges_([this] {
          const std::lock_guard lock(mutex_);
          SetGauge("gatehouse_postgres_connections", {{"state", "in_use"}}, in_use_);
          SetGauge("gatehouse_postgres_connections", {{"state", "idle"}},
                   static_cast<double>(free_.size()));
          SetGauge("gatehouse_postgres_connections_max", {}, options_.connections);
          SetGauge("gatehouse_postgres_waiting", {}, waiting_);
        }) {}

  // A free session, or room for a new one (null), or an error when the wait is over.
  absl::StatusOr<std::unique_ptr<Session>> Take() {
    std::unique_lock lock(mutex_);
    const auto patience = absl::ToChronoMilliseconds(Remaining());
    ++waiting_;
    const bool mine =
        freed_.wait_for(lock, patience, [&] { return in_use_ < options_.connections; });
    --waiting_;
    if (!mine) return absl::UnavailableError("all database connections are in use");
    ++in_use_;
    while (!free_.empty()) {
      auto session = std::move(free_.back());
      free_.pop_back();
      if (session->IsAlive()) return session;
    }
    return std::unique_ptr<Session>();
  }

  void Return(std::unique_ptr<Session> session) {
    {
      const std::lock_guard lock(mutex_);
      --in_use_;
      if (session != nullptr) free_.push_back(std::move(session));
    }
    freed_.notify_one();
  }

  const Options& options() const { return options_; }

 private:
  const Options options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Session>> free_;
  int in_use_ = 0, waiting_ = 0;
  const GaugeSource gauges_;  // Last: it reads the others.
};

Postgres::Postgres(Options options) : pool_(std::make_unique<Pool>(std::move(options))) {}
Postgres::~Postgres() = default;

namespace {

// Borrows a session for a while; one that broke is not given back.
template <typename Pool>
class Loan {
 public:
  Loan(Pool& pool, std::unique_ptr<Session> session) : pool_(pool), session_(std::move(session)) {}
  ~Loan() { pool_.Return(std::move(session_)); }
  std::unique_ptr<Session>& session() { return session_; }

 private:
  Pool& pool_;
  std::unique_ptr<Session> session_;
};

// As sqlcommenter writes it.
std::string CommentOf(const Trace& trace) {
  return trace.sampled ? absl::StrCat(" /*traceparent='", trace.Traceparent(), "'*/") : "";
}

absl::Status FromException(const std::exception& exception) {
  if (dynamic_cast<const pqxx::broken_connection*>(&exception) != nullptr ||
      dynamic_cast<const pqxx::in_doubt_error*>(&exception) != nullptr) {
    return absl::UnavailableError("the database connection was lost");
  }
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&exception);
  if (sql == nullptr) return absl::InternalError(absl::StrCat("database: ", exception.what()));
  const std::string& state = sql->sqlstate();
  if (state == "40001" || state == "40P01" || state == "55P03") {
    return absl::AbortedError("the transaction met another one");
  }
  if (state == "57014") return absl::DeadlineExceededError("the statement took too long");
  // Shutting down, starting up, too many connections, out of disk or memory.
  if (absl::StartsWith(state, "57P") || absl::StartsWith(state, "53") ||
      absl::StartsWith(state, "08")) {
    return absl::UnavailableError("the database is not available");
  }
  // The text of a server error may quote values, its code does not.
  return absl::InternalError(absl::StrCat("database error ", state));
}

}  // namespace

absl::Status Postgres::Execute(const Rows& rows, bool transactional,
                               const std::function<absl::Status(Transaction&)>& f) {
  absl::Status status;
  Span span(Call::Current().trace, Span::Kind::kClient, "postgres");
  span.Add("db.system", "postgresql");
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    if (Remaining() <= absl::ZeroDuration()) return absl::DeadlineExceededError("no time left");
    auto taken = pool_->Take();
    if (!taken.ok()) return taken.status();
    Loan loan(*pool_, *std::move(taken));
    auto& session = loan.session();
    const bool reused = session != nullptr;
    bool touched = false;  // Whether f may have changed anything.
    const int timeout_ms =
        static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(Remaining(), absl::Seconds(1))));
    const auto run = [&](pqxx::transaction_base& transaction) {
      Transaction typed(
          transaction, [&](const char* sql) -> const std::string& { return session->Prepare(sql); },
          session->Settings(rows, timeout_ms), CommentOf(span.trace()), touched);
      absl::Status result = f(typed);
      if (!typed.settings_.empty()) session->Forget();
      return result;
    };
    try {
      if (!reused) session = std::make_unique<Session>(ConnectionString(pool_->options()));
      if (transactional) {
        pqxx::work work(session->connection);
        status = run(work);
        if (status.ok()) {
          work.commit();
        } else {
          session->Forget();
        }
      } else {
        pqxx::nontransaction statement(session->connection);
        status = run(statement);
      }
      return status;
    } catch (const std::exception& exception) {
      status = FromException(exception);
      if (absl::IsUnavailable(status)) session.reset();
      if (session != nullptr) session->Forget();
    }
    // A pooled connection may have died while it lay idle: a fresh one is worth a try, where
    // nothing can have happened on the old one.
    const bool stale = absl::IsUnavailable(status) && reused && !touched;
    const bool conflict = absl::IsAborted(status) && transactional;
    if (!stale && !conflict) break;
    if (conflict) absl::SleepFor(absl::Milliseconds(absl::Uniform(absl::BitGen(), 1, 20)));
  }
  if (!absl::IsAborted(status)) {
    LogWarning("postgres.failed", {{"error", std::string(status.message())}});
  }
  Count("gatehouse_postgres_errors_total", {{"code", absl::StatusCodeToString(status.code())}});
  return status;
}

absl::Status Postgres::Ready(int schema_version) {
  return Read(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    const auto rows = transaction.Exec("SELECT count(*) FROM schema_migration");
    if (rows[0][0].as<int>() >= schema_version) return absl::OkStatus();
    return absl::FailedPreconditionError("the schema is older than this program needs");
  });
}

std::string ToSql(absl::Time time) {
  if (time == absl::InfiniteFuture()) return "infinity";
  if (time == absl::InfinitePast()) return "-infinity";
  return absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone());
}

absl::Time TimeFromSql(const pqxx::field& field) {
  const std::string text = field.c_str();
  if (text == "infinity") return absl::InfiniteFuture();
  if (text == "-infinity") return absl::InfinitePast();
  // "2026-11-24 12:00:00.123456+00": the session's time zone is UTC (see ConnectionString).
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S+00", text, absl::UTCTimeZone(), &time, &error)) {
    throw std::invalid_argument("not a timestamptz: " + error);
  }
  return time;
}

pqxx::binarystring Bytes(const std::string& bytes) { return pqxx::binarystring(bytes); }

std::string BytesFromSql(const pqxx::field& field) { return pqxx::binarystring(field).str(); }

}  // namespace gatehouse
