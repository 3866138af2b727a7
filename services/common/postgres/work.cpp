#include "services/common/postgres/work.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gatehouse {
namespace {

// As sqlcommenter writes it.
std::string CommentOf(const Trace& trace) {
  return trace.sampled ? absl::StrCat(" /*traceparent='", trace.Traceparent(), "'*/") : "";
}

// read_only_sql_transaction: the primary has become a standby, or was never one.
constexpr char kReadOnly[] = "25006";

bool IsFromStandby(const std::exception& exception) {
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&exception);
  return sql != nullptr && sql->sqlstate() == kReadOnly;
}

absl::Status FromException(const std::exception& exception) {
  if (dynamic_cast<const pqxx::broken_connection*>(&exception) != nullptr ||
      dynamic_cast<const pqxx::in_doubt_error*>(&exception) != nullptr) {
    return absl::UnavailableError("the database connection was lost");
  }
  // Deadlocks and serialization failures are no sql_error to libpqxx.
  if (dynamic_cast<const pqxx::transaction_rollback*>(&exception) != nullptr) {
    return absl::AbortedError("the transaction met another one");
  }
  // What cannot be converted, or the text of a server's error, may quote values.
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&exception);
  if (sql == nullptr) return absl::InternalError("database: not what the program expects");
  const std::string& state = sql->sqlstate();
  if (state == "55P03") return absl::AbortedError("a lock was not to be had");
  if (state == "57014") return absl::DeadlineExceededError("the statement took too long");
  if (state == kReadOnly) return absl::UnavailableError("the database is a standby");
  // Shutting down, starting up, too many connections, out of disk or memory.
  if (absl::StartsWith(state, "57P") || absl::StartsWith(state, "53") ||
      absl::StartsWith(state, "08")) {
    return absl::UnavailableError("the database is not available");
  }
  return absl::InternalError(absl::StrCat("database error ", state));
}

int TimeoutMs() {
  return static_cast<int>(
      absl::ToInt64Milliseconds(absl::Ceil(PostgresPatience(), absl::Seconds(1))));
}

}  // namespace

Transaction::Transaction(pqxx::transaction_base& transaction, PostgresSession& session,
                         const Rows& rows, int timeout_ms, std::string comment)
    : transaction_(transaction),
      session_(session),
      rows_(rows),
      timeout_ms_(timeout_ms),
      settings_(session.Settings(rows, timeout_ms)),
      comment_(std::move(comment)) {}

bool Transaction::IsUnnamed() const { return session_.pooled || !comment_.empty(); }

pqxx::result Transaction::Run(const char* sql, std::initializer_list<SqlValue> values) {
  const PostgresWait wait(session_, absl::Milliseconds(timeout_ms_));
  const auto params = pqxx::prepare::make_dynamic_params(values.begin(), values.end());
  if (IsUnnamed()) {
    if (!settings_.empty()) transaction_.exec(settings_);
    settings_.clear();
    touched_ = true;
    return transaction_.exec_params(sql + comment_, params);
  }
  const std::string& name = session_.Prepare(sql);
  touched_ = true;
  if (settings_.empty()) return transaction_.exec_prepared(name, params);
  // In one round trip with what the connection must be told first. A statement that fails takes the
  // settings back with it: then they are still to be sent.
  std::string statement = settings_ + "EXECUTE " + name;
  const char* before = "(";
  for (const SqlValue& value : values) {
    absl::StrAppend(&statement, before, transaction_.quote(value));
    before = ", ";
  }
  if (values.size() > 0) statement += ")";
  pqxx::result result = transaction_.exec(statement);
  settings_.clear();
  return result;
}

void Transaction::Use(const Rows& rows) {
  rows_ = rows;
  settings_ += session_.Settings(rows, timeout_ms_);
}

PostgresWork::PostgresWork(PostgresPool& pool, std::unique_ptr<PostgresSession> session,
                           bool transactional)
    : pool_(pool),
      session_(std::move(session)),
      transactional_(transactional),
      reused_(session_ != nullptr) {}

PostgresWork::~PostgresWork() {
  if (typed_.has_value() && !typed_->settings_.empty()) clean_ = false;
  typed_.reset();
  if (transaction_ != nullptr) {
    const PostgresWait wait(*session_, PostgresPatience());
    transaction_.reset();
  }
  if (session_ != nullptr && !clean_) session_->Forget();
  pool_.Return(std::move(session_), absl::IsUnavailable(fault_));
}

absl::Status PostgresWork::Guard(const std::function<absl::Status()>& step) {
  try {
    return step();
  } catch (const std::exception& exception) {
    if (fault_.ok()) {
      fault_ = FromException(exception);
      standby_ = IsFromStandby(exception);
      if (standby_) pool_.Abandon();
    }
    return fault_;
  }
}

void PostgresWork::Begin() {
  const PostgresWait wait(*session_, PostgresPatience());
  if (session_->pooled) session_->Forget();
  if (transactional_ || session_->pooled) {
    transaction_ = std::make_unique<pqxx::work>(session_->connection);
  } else {
    transaction_ = std::make_unique<pqxx::nontransaction>(session_->connection);
  }
}

absl::Status PostgresWork::End() {
  return Guard([&]() -> absl::Status {
    const PostgresWait wait(*session_, PostgresPatience());
    transaction_->commit();
    return absl::OkStatus();
  });
}

absl::Status PostgresWork::Run(const Rows& rows, const Trace& trace, const F& f) {
  const absl::Status status = Guard([&]() -> absl::Status {
    if (session_ == nullptr) session_ = pool_.Connect();
    Begin();
    typed_.emplace(Transaction(*transaction_, *session_, rows, TimeoutMs(), CommentOf(trace)));
    return f(*typed_);
  });
  if (fault_.ok() && !transactional_) (void)End();
  if (!fault_.ok()) return fault_;
  RETURN_IF_ERROR(status);
  return refusal_;
}

absl::Status PostgresWork::Join(const Rows& rows, Postgres::Mode mode, const F& f) {
  if (mode == Postgres::Mode::kTransaction && !transactional_) {
    return absl::InternalError("a transaction inside of a read");
  }
  const Rows outer = typed_->rows_;
  const absl::Status status = Guard([&] {
    typed_->Use(rows);
    return f(*typed_);
  });
  RETURN_IF_ERROR(Guard([&] {
    typed_->Use(outer);
    return absl::OkStatus();
  }));
  if (mode != Postgres::Mode::kRead && refusal_.ok()) refusal_ = status;
  return status;
}

absl::Status PostgresWork::Commit() {
  RETURN_IF_ERROR(fault_);
  RETURN_IF_ERROR(refusal_);
  if (transactional_) RETURN_IF_ERROR(End());
  clean_ = true;
  return absl::OkStatus();
}

bool PostgresWork::MayRunAgain() const {
  if (standby_) return true;
  const bool touched = typed_.has_value() && typed_->touched_;
  if (absl::IsUnavailable(fault_)) return reused_ && !touched;
  return absl::IsAborted(fault_) && transactional_;
}

std::vector<std::function<void()>> PostgresWork::TakeAfterCommit() {
  return std::move(typed_->after_commit_);
}

}  // namespace gatehouse
