#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// Work that waits. `key` orders: jobs of one organisation with the same non-empty key are done one
// after the other, in the order of their adding.
struct Job {
  std::string organisation_id;
  std::string lane;     // Who does it.
  std::string kind;     // What it is.
  std::string id;       // Its own; the same at each attempt.
  std::string payload;  // What the kind makes of it. Rests sealed.
  std::string key;
  absl::Time due_time = absl::InfinitePast();  // Not before; by the database's clock.
  std::string traceparent;

  // Of a job that was taken:
  int64_t number = 0;
  int attempts = 0;
};

// The jobs in the schema's table. Whoever takes one has it for kJobLease: longer than any attempt
// may take; after that it is everybody's again. Neither taking nor ending waits for the disk: what
// a crash of PostgreSQL takes back is done once more, under the same id.
constexpr absl::Duration kJobLease = absl::Seconds(10);

class JobStore {
 public:
  JobStore(Postgres& postgres, Secret key) : postgres_(postgres), key_(std::move(key)) {}

  // Adds them in one statement, and numbers them. Those whose lane is among `lanes` are taken at
  // once, if they are due and first of their key: attempts says 1. Whoever uses a key holds a lock
  // that orders the transactions that add under it.
  void Add(Transaction& transaction, const std::vector<std::string>& lanes,
           std::vector<Job>& jobs) const;

  // About `limit` due jobs of a lane, at least one of each of the 128 organisations after
  // `organisation`, which it moves on; at the last one it becomes empty. Costs the same whatever
  // each has waiting. Jobs of one key come together, in order.
  absl::StatusOr<std::vector<Job>> Take(const std::string& lane, int limit,
                                        std::string& organisation) const;

  // Ends jobs, and lets the next of their keys go; whether there was one.
  absl::StatusOr<bool> Remove(const std::vector<int64_t>& numbers) const;
  // The same, but it stays for somebody to look at.
  absl::StatusOr<bool> GiveUp(int64_t number) const;
  // To be done again after `wait`.
  absl::Status Postpone(int64_t number, absl::Duration wait) const;
  // They were taken, and not tried.
  absl::Status GiveBack(const std::vector<int64_t>& numbers) const;

  // Lets the first jobs of `keys` keys after the cursor go, which it moves on: a process may have
  // died between a job's end and that.
  struct Cursor {
    std::string organisation_id, key;
  };
  absl::Status Repair(int keys, Cursor& cursor) const;

  // Those of `numbers` that are there still.
  absl::StatusOr<std::vector<int64_t>> Remaining(const std::vector<int64_t>& numbers) const;

  struct Backlog {
    int64_t waiting = 0;  // Counted to kMostCounted at most.
    int64_t dead = 0;
    absl::Duration oldest;
  };
  static constexpr int kMostCounted = 100'000;
  absl::StatusOr<Backlog> Look() const;

 private:
  Postgres& postgres_;
  const Secret key_;
};

}  // namespace gatehouse
