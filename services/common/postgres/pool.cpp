#include "services/common/postgres/pool.h"

#include <poll.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/caller.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

std::string ConnectionString(const Postgres::Options& options) {
  const std::string& url = options.url.Reveal();
  // search_path names the service's own schema alone; pg_catalog is always searched. Each statement
  // has its index: a plan that was made while a table was small, or a queue empty, and is kept for
  // the connection's life, should use it too.
  return absl::StrCat(
      url, absl::StrContains(url, "?") ? "&" : "?", "connect_timeout=3",
      "&application_name=gatehouse-", options.schema, "&options=-csearch_path%3D", options.schema,
      "%20-cstatement_timeout%3D5000%20-cidle_in_transaction_session_timeout%3D30000"
      "%20-ctimezone%3DUTC%20-cenable_seqscan%3Doff");
}

}  // namespace

absl::Duration PostgresPatience() {
  return std::min(kPatience, Call::Current().deadline - absl::Now());
}

// PostgreSQL cuts names at 63 bytes, so the text itself cannot be one.
const std::string& PostgresSession::Prepare(const char* sql) {
  const auto known = prepared.find(sql);
  if (known != prepared.end()) return known->second;
  // A name that failed is known to libpqxx all the same: no other statement gets it.
  const std::string name = absl::StrCat("s", ++named);
  connection.prepare(name, sql);
  connection.prepare_now(name);
  return prepared[sql] = name;
}

std::string PostgresSession::Settings(const Rows& rows, int timeout_ms) {
  std::string settings;
  if (rows.setting() != organisation) {
    absl::StrAppend(&settings, "SET gatehouse.organisation_id = ", connection.quote(rows.setting()),
                    "; ");
  }
  if (timeout_ms != statement_timeout_ms) {
    absl::StrAppend(&settings, "SET statement_timeout = ", timeout_ms, "; ");
  }
  organisation = rows.setting();
  statement_timeout_ms = timeout_ms;
  return settings;
}

bool PostgresSession::IsAlive() const {
  pollfd socket = {connection.sock(), POLLIN, 0};
  return connection.is_open() && poll(&socket, 1, 0) == 0;
}

PostgresPool::PostgresPool(Postgres::Options options)
    : options_(std::move(options)), gauges_([this] {
        const std::lock_guard lock(mutex_);
        SetGauge("gatehouse_postgres_connections", {{"state", "in_use"}}, in_use_);
        SetGauge("gatehouse_postgres_connections", {{"state", "idle"}},
                 static_cast<double>(free_.size()));
        SetGauge("gatehouse_postgres_connections_max", {}, options_.connections);
        SetGauge("gatehouse_postgres_waiting", {}, waiting_);
      }) {}

absl::StatusOr<std::unique_ptr<PostgresSession>> PostgresPool::Take() {
  std::unique_lock lock(mutex_);
  const auto patience = absl::ToChronoMilliseconds(PostgresPatience());
  ++waiting_;
  const bool mine = freed_.wait_for(lock, patience, [&] { return in_use_ < options_.connections; });
  --waiting_;
  if (!mine) return absl::UnavailableError("all database connections are in use");
  ++in_use_;
  while (!free_.empty()) {
    auto session = std::move(free_.back());
    free_.pop_back();
    if (session->IsAlive()) return session;
  }
  return std::unique_ptr<PostgresSession>();
}

void PostgresPool::Return(std::unique_ptr<PostgresSession> session) {
  {
    const std::lock_guard lock(mutex_);
    --in_use_;
    if (session != nullptr) free_.push_back(std::move(session));
  }
  freed_.notify_one();
}

std::unique_ptr<PostgresSession> PostgresPool::Connect() const {
  return std::make_unique<PostgresSession>(ConnectionString(options_));
}

}  // namespace gatehouse
