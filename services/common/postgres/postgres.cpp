#include "services/common/postgres/postgres.h"

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/base/caller.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"
#include "services/common/postgres/listener.h"
#include "services/common/postgres/pool.h"
#include "services/common/postgres/work.h"

namespace gatehouse {
namespace {

constexpr int kAttempts = 3;

// What this thread is doing on a pool. A thread may use several pools at once (tests do).
struct Ambient {
  Ambient(const PostgresPool* pool, const Postgres::Frame* frame)
      : pool(pool), frame(frame), outer(innermost) {
    innermost = this;
  }
  ~Ambient() { innermost = outer; }
  static Ambient* Of(const PostgresPool* pool) {
    Ambient* ambient = innermost;
    while (ambient != nullptr && ambient->pool != pool) ambient = ambient->outer;
    return ambient;
  }

  const PostgresPool* const pool;
  const Postgres::Frame* const frame;  // Of Together; null: none.
  PostgresWork* work = nullptr;        // What joins, joins this; null: nothing is open.
  std::unique_ptr<PostgresWork> kept;  // That of a frame, once its first write succeeded.
  Ambient* const outer;
  static thread_local Ambient* innermost;
};
thread_local Ambient* Ambient::innermost = nullptr;

void Report(const absl::Status& fault, const std::string& peer) {
  if (!absl::IsAborted(fault)) {
    LogWarning("postgres.failed", {{"peer", peer}, {"error", std::string(fault.message())}});
  }
  Count("gatehouse_postgres_errors_total", {{"code", absl::StatusCodeToString(fault.code())}});
}

// With the session given back: it may well ask for it again.
void RunAll(const std::vector<std::function<void()>>& after_commit) {
  for (const auto& f : after_commit) f();
}

}  // namespace

Postgres::Postgres(Options options)
    : pool_(std::make_unique<PostgresPool>(options)),
      listener_(std::make_unique<PostgresListener>(std::move(options))) {}
Postgres::~Postgres() = default;

std::shared_ptr<void> Postgres::Listen(Heard heard) { return listener_->Listen(std::move(heard)); }

absl::Status Postgres::Open(PostgresWork& work, const Frame& frame, const Rows& rows,
                            const Trace& trace, const Statements& f) {
  return work.Run(frame.rows, trace, [&](Transaction& transaction) -> absl::Status {
    RETURN_IF_ERROR(frame.begin(transaction));
    return work.Join(rows, Mode::kTransaction, f);
  });
}

absl::Status Postgres::Execute(const Rows& rows, Mode mode, const Statements& f) {
  Ambient* const around = Ambient::Of(pool_.get());
  if (around != nullptr && around->work != nullptr) return around->work->Join(rows, mode, f);
  const bool opens = around != nullptr && around->frame != nullptr && mode != Mode::kRead;
  absl::Status status;
  std::string peer;
  Span span(Call::Current().trace, Span::Kind::kClient, "postgres");
  span.Add("db.system", "postgresql");
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    if (PostgresPatience() <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError("no time left");
    }
    ASSIGN_OR_RETURN(auto session, pool_->Take());
    const bool transactional = opens || mode == Mode::kTransaction;
    auto work = std::make_unique<PostgresWork>(*pool_, std::move(session), transactional);
    {
      Ambient ambient(pool_.get(), nullptr);
      ambient.work = work.get();
      status = opens ? Open(*work, *around->frame, rows, span.trace(), f)
                     : work->Run(rows, span.trace(), f);
      if (status.ok() && !opens) status = work->Commit();
    }
    if (status.ok() && opens) {
      around->work = work.get();
      around->kept = std::move(work);
      return status;
    }
    if (status.ok()) {
      const auto after_commit = work->TakeAfterCommit();
      work.reset();
      RunAll(after_commit);
      return status;
    }
    if (!work->faulted()) return status;
    peer = work->peer();
    if (!work->MayRunAgain()) break;
    work.reset();
    if (absl::IsAborted(status)) {
      absl::SleepFor(absl::Milliseconds(absl::Uniform(absl::BitGen(), 1, 20)));
    }
  }
  Report(status, peer);
  return status;
}

absl::Status Postgres::Together(const Frame& frame, const std::function<absl::Status()>& f) {
  if (Ambient::Of(pool_.get()) != nullptr) {
    return absl::InternalError("a frame inside of another transaction");
  }
  std::vector<std::function<void()>> after_commit;
  {
    Ambient ambient(pool_.get(), &frame);
    absl::Status status = f();
    if (ambient.kept == nullptr) return status;
    PostgresWork& work = *ambient.kept;
    if (status.ok()) status = work.Join(frame.rows, Mode::kTransaction, frame.end);
    if (status.ok()) status = work.Commit();
    if (work.faulted()) Report(status, work.peer());
    RETURN_IF_ERROR(status);
    after_commit = work.TakeAfterCommit();
  }
  RunAll(after_commit);
  return absl::OkStatus();
}

absl::Status Postgres::Ready(int schema_version) {
  return Read(Rows::OfAll(), [&](Transaction& transaction) -> absl::Status {
    const absl::Time begin = absl::Now();
    const auto row = transaction.Exec(
        "SELECT count(*) AS migrations, clock_timestamp() AS time FROM schema_migration")[0];
    offset_.Measured(begin, TimeFromSql(row["time"]), absl::Now());
    if (row["migrations"].as<int>() >= schema_version) return absl::OkStatus();
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
