#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/common/base/trace.h"
#include "services/common/postgres/pool.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// A borrowed session at work: in a transaction, or in autocommit. It rolls back what was not
// committed and gives the session back when it is destroyed.
class PostgresWork {
 public:
  PostgresWork(PostgresPool& pool, std::unique_ptr<PostgresSession> session, bool transactional);
  ~PostgresWork();

  using F = std::function<absl::Status(Transaction&)>;
  // What f returns, or the fault that it met, itself or in what joined it.
  absl::Status Run(const Rows& rows, const Trace& trace, const F& f);
  // From inside of Run() or after it, on the same thread.
  absl::Status Join(const Rows& rows, Postgres::Mode mode, const F& f);
  absl::Status Commit();

  // Whether what failed may be done again from the start: after a conflict with another
  // transaction, where a pooled connection had died before it could do anything, or where the
  // server was a standby.
  bool MayRunAgain() const;
  bool transactional() const { return transactional_; }
  // Whether an error came from the database, rather than being what f decided.
  bool faulted() const { return !fault_.ok(); }
  // host:port of the server, or of all that it could have been; for the log.
  const std::string& peer() const { return session_ == nullptr ? pool_.hosts() : session_->peer; }
  std::vector<std::function<void()>> TakeAfterCommit();

 private:
  // A statement in autocommit is a transaction of its own; where there is a pooler it is one of
  // ours, which commits whatever f decided.
  void Begin();
  absl::Status End();
  // Runs `step`, which may throw.
  absl::Status Guard(const std::function<absl::Status()>& step);

  PostgresPool& pool_;
  std::unique_ptr<PostgresSession> session_;
  const bool transactional_, reused_;
  std::unique_ptr<pqxx::transaction_base> transaction_;
  std::optional<Transaction> typed_;
  absl::Status fault_;    // The first exception.
  absl::Status refusal_;  // Of a write that joined.
  bool standby_ = false;  // The fault is that the server takes no writes.
  bool clean_ = false;    // The session's settings are as it remembers them.
};

}  // namespace gatehouse
