#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/clock.h"
#include "services/common/base/wakeup.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// Rows of one kind that are of no use any more when a time of theirs is so long ago.
struct Retention {
  std::string table;
  std::string too_old;  // A condition in SQL, in which $1 is `age` ago: "time < $1".
  absl::Duration age;
};

// Deletes what is past its retention, once an hour, in batches so small that nobody waits for
// them. Any number of replicas may sweep at once.
class Sweeper {
 public:
  // More to be done in each round, such as files without a row: how many were deleted.
  using Collect = std::function<absl::StatusOr<int>(absl::Time now)>;
  Sweeper(Postgres& postgres, std::vector<Retention> retentions, const Clock& clock,
          Collect collect = nullptr);
  ~Sweeper();

  void Start();
  // One round, to its end: how many rows are gone. An error ends it early: the next one goes on.
  absl::StatusOr<int> Sweep();

 private:
  absl::StatusOr<int> SweepTable(const Retention& retention, const std::string& sql);

  Postgres& postgres_;
  const std::vector<Retention> retentions_;
  std::vector<std::string> statements_;
  const Clock& clock_;
  const Collect collect_;
  Wakeup wakeup_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace gatehouse
