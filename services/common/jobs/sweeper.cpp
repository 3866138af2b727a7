#include "services/common/jobs/sweeper.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse {
namespace {

constexpr int kBatch = 500;
constexpr absl::Duration kPause = absl::Milliseconds(50);
constexpr absl::Duration kRound = absl::Hours(1);

// What another replica is deleting is left to it.
std::string StatementOf(const Retention& retention) {
  return absl::StrCat("DELETE FROM ", retention.table, " WHERE ctid = ANY (ARRAY(SELECT ctid FROM ",
                      retention.table, " WHERE ", retention.too_old, " LIMIT ", kBatch,
                      " FOR UPDATE SKIP LOCKED))");
}

}  // namespace

Sweeper::Sweeper(Postgres& postgres, std::vector<Retention> retentions, const Clock& clock,
                 Collect collect)
    : postgres_(postgres),
      retentions_(std::move(retentions)),
      clock_(clock),
      collect_(std::move(collect)) {
  for (const Retention& retention : retentions_) statements_.push_back(StatementOf(retention));
}

Sweeper::~Sweeper() {
  stopping_ = true;
  wakeup_.Signal();
  if (thread_.joinable()) thread_.join();
}

void Sweeper::Start() {
  thread_ = std::thread([this] {
    while (!stopping_) {
      (void)Sweep();
      if (!stopping_) wakeup_.Wait(kRound);
    }
  });
}

absl::StatusOr<int> Sweeper::Sweep() {
  int all = 0;
  for (size_t i = 0; i < retentions_.size(); ++i) {
    ASSIGN_OR_RETURN(const int rows, SweepTable(retentions_[i], statements_[i]));
    if (rows > 0) {
      LogInfo("swept", {{"table", retentions_[i].table}, {"rows", absl::StrCat(rows)}});
    }
    all += rows;
  }
  if (collect_ == nullptr) return all;
  ASSIGN_OR_RETURN(const int collected, collect_(clock_.Now()));
  return all + collected;
}

absl::StatusOr<int> Sweeper::SweepTable(const Retention& retention, const std::string& sql) {
  int all = 0;
  while (!stopping_) {
    ASSIGN_OR_RETURN(
        const int rows,
        postgres_.WriteOne(Rows::OfAll(), [&](Transaction& transaction) -> absl::StatusOr<int> {
          const auto gone = transaction.Exec(sql.c_str(), ToSql(clock_.Now() - retention.age));
          return static_cast<int>(gone.affected_rows());
        }));
    all += rows;
    if (rows < kBatch) break;
    absl::SleepFor(kPause);
  }
  Count("gatehouse_swept_rows_total", {{"table", retention.table}}, all);
  return all;
}

}  // namespace gatehouse
