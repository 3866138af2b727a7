#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/base/secret.h"
#include "services/common/jobs/job.h"
#include "services/common/postgres/postgres.h"

namespace gatehouse {

// Of which lane jobs are taken, and how.
struct JobClaim {
  std::string lane;
  JobPriority priority = JobPriority::kNormal;
  int limit = 64;
  int organisations = 128;  // How many have their turn.
  absl::Duration lease = absl::Seconds(10);
  bool durable = false;  // Whether to wait for the disk.
};

// The jobs in the schema's table. Whoever takes one has it for its lane's lease, which is longer
// than any attempt may take; after that it is everybody's again, and what the first holder says of
// it any more is not heard. Ending a job never waits for the disk, and taking one only where asked
// to: what a crash of PostgreSQL takes back is done once more, under the same id.
class JobStore {
 public:
  JobStore(Postgres& postgres, Secret key) : postgres_(postgres), key_(std::move(key)) {}

  // Adds them in one statement, and numbers them. Those whose lane is among `lanes`, each with its
  // lease, are taken at once, if they are due and first of their key: attempts says 1. Whoever uses
  // a key holds a lock that orders the transactions that add under it. Of what is due in the lanes
  // `told` every process hears at the commit: by the lane's name, as Postgres::Listen() says.
  void Add(Transaction& transaction, const std::map<std::string, absl::Duration>& lanes,
           std::vector<Job>& jobs, const std::set<std::string>& told = {}) const;

  // About `limit` due jobs of a lane and priority, at least one of each of as many organisations
  // after `organisation` as the claim says, which it moves on; at the last one it becomes empty.
  // Costs the same whatever each has waiting. Jobs of one key come together, in order.
  absl::StatusOr<std::vector<Job>> Take(const JobClaim& claim, std::string& organisation) const;

  // Ends jobs, and lets the next of their keys go; whether there was one.
  absl::StatusOr<bool> Remove(const std::vector<int64_t>& numbers) const;
  // The same of a job that is held, but it stays for somebody to look at.
  absl::StatusOr<bool> GiveUp(const Job& job) const;
  // To be done again after `wait`, or when it expires; harmless for one that is not held any more.
  // `paused`: only since what the lane goes to is away, which is no failure of the job's.
  absl::Status Postpone(const Job& job, absl::Duration wait, bool paused) const;
  // They were taken, and not tried. Every process hears of their lane.
  absl::Status GiveBack(const std::vector<Job>& jobs) const;
  // These, which were postponed, failed only since what the lane goes to is away.
  absl::Status Pause(const std::vector<Job>& jobs) const;
  // What the lane goes to is back: what is paused is due. How many jobs that are.
  absl::StatusOr<int> Resume(const std::string& lane) const;

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
  // Of one lane: what is due, was tried or is held up by an outage, as far as it waits for no other
  // job.
  absl::StatusOr<Backlog> LookAt(const std::string& lane) const;

 private:
  Postgres& postgres_;
  const Secret key_;
};

}  // namespace gatehouse
