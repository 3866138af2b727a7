#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/postgres/postgres.h"
#include "services/identity/audit/audit_line.h"

namespace gatehouse::identity {

constexpr int kAuditBatch = 500;  // That are deleted at once.
// That are in memory at once: a row may hold settings as they were before and after.
constexpr int kAuditRead = 50;
constexpr int kAuditWaitingMax = 1000;  // That are counted.

// Where an organisation's chain ends, and where what is left of it begins.
struct AuditHead {
  int64_t number = 0, anchor_number = 0;
  std::string hash, anchor_hash;
  int waiting = 0;  // Rows that have no number yet, kAuditWaitingMax at most.
};

// The chain in PostgreSQL. Each method is atomic for each organisation. Whoever writes a row of the
// trail neither waits for this nor makes it wait.
class PostgresAuditChain {
 public:
  explicit PostgresAuditChain(Postgres& postgres) : postgres_(postgres) {}

  // Gives rows that wait their numbers, kAuditRead of each organisation at most, and leaves those
  // to another replica that it is at. How many rows there were.
  absl::StatusOr<int> Extend();
  // Of all organisations, kAuditWaitingMax at most.
  absl::StatusOr<int> CountWaiting();
  // Deletes the oldest rows before this time, batch after batch, and keeps the hash of the last.
  // How many.
  absl::StatusOr<int> Forget(absl::Time before);

  absl::StatusOr<AuditHead> FindHead(const std::string& organisation_id);
  // The rows after this number, in their order.
  absl::StatusOr<std::vector<AuditLink>> List(const std::string& organisation_id, int64_t after,
                                              int most);

 private:
  absl::StatusOr<int> ExtendOf(const std::string& organisation_id);
  absl::StatusOr<int> ForgetOf(const std::string& organisation_id, absl::Time before);

  Postgres& postgres_;
};

}  // namespace gatehouse::identity
