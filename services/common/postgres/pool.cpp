#include "services/common/postgres/pool.h"

#include <poll.h>
#include <re2/re2.h>
#include <sys/socket.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/observe/log.h"

namespace gatehouse {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

// A server that has not answered so long after its own statement timeout is hung.
constexpr absl::Duration kGrace = absl::Seconds(1);
constexpr absl::Duration kLookEvery = absl::Milliseconds(500);

// Nothing that a pooler would refuse: settings follow once it is known whom we speak to. A host
// that is gone without a word is noticed by the kernel.
std::string ConnectionString(const Postgres::Options& options) {
  const std::string& url = options.url.Reveal();
  return absl::StrCat(url, absl::StrContains(url, "?") ? "&" : "?", "connect_timeout=3",
                      "&keepalives=1&keepalives_idle=5&keepalives_interval=2&keepalives_count=3",
                      "&tcp_user_timeout=8000&application_name=gatehouse-", options.schema);
}

// Nothing else of the URL, and nothing at all of what is no URL.
std::string HostsOf(const Secret& url) {
  static const RE2 kUrl(R"(postgres(?:ql)?://(?:[^@/?]*@)?([^@/?]*)(?:[/?][^@]*)?)");
  std::string hosts;
  return RE2::FullMatch(url.Reveal(), kUrl, &hosts) ? hosts : "";
}

// A pooler invents the pid that it tells its clients.
bool IsPooled(pqxx::connection& connection) {
  pqxx::nontransaction look(connection);
  return look.exec1("SELECT pg_backend_pid() AS pid")["pid"].as<int>() != connection.backendpid();
}

// What holds for a session or, where there is a pooler, for a transaction. search_path names the
// service's own schema alone; pg_catalog is always searched. Each statement has its index: a plan
// that was made while a table was small, or a queue empty, and is kept for the connection's life,
// should use it too. To a plan that must read a table all the same PostgreSQL then gives a cost at
// which it would compile it, at each execution: 10 to 100 ms, for a table of a few rows.
std::string StandingSettings(const char* set, const std::string& schema) {
  return absl::StrCat(set, "search_path = ", schema, "; ", set,
                      "idle_in_transaction_session_timeout = 30000; ", set, "timezone = 'UTC'; ",
                      set, "enable_seqscan = off; ", set, "jit = off; ");
}

}  // namespace

absl::Duration PostgresPatience() {
  return std::min(kPatience, Call::Current().deadline - absl::Now());
}

PostgresSession::PostgresSession(const Postgres::Options& options)
    : connection(ConnectionString(options)),
      schema(options.schema),
      peer(absl::StrCat(connection.hostname(), ":", connection.port())) {}

void PostgresSession::Introduce(bool pooler) {
  pooled = pooler || IsPooled(connection);
  if (pooled) return;
  pqxx::nontransaction setting(connection);
  setting.exec(StandingSettings("SET ", schema) +
               absl::StrCat("SET statement_timeout = ", statement_timeout_ms));
}

PostgresWait::PostgresWait(PostgresSession& session, absl::Duration limit) : session_(session) {
  const absl::Time now = absl::Now();
  session_.awaited_since = absl::ToUnixNanos(now);
  // Also where the time of the call is over, and it ends what it began.
  session_.awaited_until = absl::ToUnixNanos(now + std::max(limit, kGrace) + kGrace);
}

PostgresWait::~PostgresWait() { session_.awaited_until = 0; }

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
  const char* const set = pooled ? "SET LOCAL " : "SET ";
  std::string settings;
  if (pooled && organisation.empty()) settings = StandingSettings(set, schema);
  if (rows.setting() != organisation) {
    absl::StrAppend(&settings, set,
                    "gatehouse.organisation_id = ", connection.quote(rows.setting()), "; ");
  }
  if (timeout_ms != statement_timeout_ms) {
    absl::StrAppend(&settings, set, "statement_timeout = ", timeout_ms, "; ");
  }
  organisation = rows.setting();
  statement_timeout_ms = timeout_ms;
  return settings;
}

bool PostgresSession::IsSilent() const {
  pollfd socket = {connection.sock(), POLLIN, 0};
  return poll(&socket, 1, 0) == 0;
}

PostgresPool::PostgresPool(Postgres::Options options)
    : options_(std::move(options)), hosts_(HostsOf(options_.url)), gauges_([this] {
        const std::lock_guard lock(mutex_);
        SetGauge("gatehouse_postgres_connections", {{"state", "in_use"}}, in_use_);
        SetGauge("gatehouse_postgres_connections", {{"state", "idle"}},
                 static_cast<double>(free_.size()));
        SetGauge("gatehouse_postgres_connections_max", {}, options_.connections);
        SetGauge("gatehouse_postgres_waiting", {}, waiting_);
      }) {
  watch_ = std::thread([this] { Watch(); });
}

PostgresPool::~PostgresPool() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  watch_.join();
}

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
    if (session->generation != generation_ || !session->IsAlive()) continue;
    lent_.insert(session.get());
    return session;
  }
  return std::unique_ptr<PostgresSession>();
}

void PostgresPool::Return(std::unique_ptr<PostgresSession> session, bool broke) {
  {
    const std::lock_guard lock(mutex_);
    --in_use_;
    lent_.erase(session.get());
    if (session != nullptr && !broke && session->generation == generation_) {
      free_.push_back(std::move(session));
    }
  }
  freed_.notify_one();
}

std::unique_ptr<PostgresSession> PostgresPool::Connect() {
  int64_t generation = 0;
  {
    const std::lock_guard lock(mutex_);
    generation = generation_;
  }
  auto session = std::make_unique<PostgresSession>(options_);
  session->generation = generation;
  {
    const std::lock_guard lock(mutex_);
    lent_.insert(session.get());
  }
  try {
    const PostgresWait wait(*session, PostgresPatience());
    session->Introduce(options_.pooler);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    lent_.erase(session.get());
    throw;
  }
  return session;
}

void PostgresPool::Abandon() {
  const std::lock_guard lock(mutex_);
  ++generation_;
}

const PostgresSession* PostgresPool::Hung(absl::Time now) const {
  const auto hung = std::find_if(lent_.begin(), lent_.end(), [&](const PostgresSession* session) {
    const int64_t until = session->awaited_until;
    return until != 0 && absl::FromUnixNanos(until) < now && session->IsSilent();
  });
  return hung == lent_.end() ? nullptr : *hung;
}

// A process that was stopped itself, and looks late, first gives everybody the time to read what
// has come meanwhile.
void PostgresPool::Watch() {
  std::unique_lock lock(mutex_);
  absl::Time last = absl::Now();
  while (!ended_.wait_for(lock, absl::ToChronoMilliseconds(kLookEvery), [this] { return end_; })) {
    const absl::Time now = absl::Now();
    const bool late = now - last > 2 * kLookEvery;
    last = now;
    const PostgresSession* const hung = late ? nullptr : Hung(now);
    if (hung == nullptr) continue;
    LogWarning("postgres.hung", {{"peer", hung->peer}});
    ++generation_;
    for (PostgresSession* session : lent_) {
      const int64_t since = session->awaited_since;
      const bool waits = session->awaited_until != 0;
      if (waits && absl::FromUnixNanos(since) + kGrace < now && session->IsSilent()) {
        shutdown(session->connection.sock(), SHUT_RDWR);
      }
    }
  }
}

}  // namespace gatehouse
