#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace gatehouse {

// What somebody waits for goes before what is only to be done; numbered as they are kept.
enum class JobPriority { kUrgent = 0, kNormal = 1 };

// Work that waits. `key` orders: jobs of one organisation with the same non-empty key are done one
// after the other, in the order of their adding.
struct Job {
  std::string organisation_id;
  std::string lane;     // Who does it.
  std::string kind;     // What it is.
  std::string id;       // Its own; the same at each attempt.
  std::string payload;  // What the kind makes of it. Rests sealed.
  std::string key;
  JobPriority priority = JobPriority::kNormal;
  absl::Time due_time = absl::InfinitePast();  // Not before; by the database's clock.
  // From then on it has lost its point, and is not tried any more; by the database's clock.
  absl::Time expire_time = absl::InfiniteFuture();
  std::string traceparent;

  // Of a job that was taken:
  int64_t number = 0;
  int attempts = 0;      // With this one; also what tells a lease from a later one.
  int failures = 0;      // Of those, the ones that failed by the job's own fault.
  bool readable = true;  // False: sealed under a key that this process does not have.
  absl::Time create_time = absl::InfinitePast();
  // By this process's clock, as is expire_time now: until then nobody else has it.
  absl::Time held_until = absl::InfiniteFuture();
};

// How an attempt ended. OK: the job is done. kUnavailable and kDeadlineExceeded: what the lane goes
// to is away; other failures are the job's own, and kAborted says nothing of either.
using JobDone = std::function<void(absl::Status)>;
// Works on a job, for the lane's timeout at most, and calls `done` once, on whatever thread, now or
// later.
using JobWork = std::function<void(const Job& job, JobDone done)>;

// kUnavailable, from a destination that asks to be left alone for so long.
absl::Status LeaveAlone(absl::Duration wait);
// kAborted: this job is not to be tried again before that.
absl::Status NotBefore(absl::Duration wait);
// What these ask for; zero for any other status.
absl::Duration WaitAskedBy(const absl::Status& status);

}  // namespace gatehouse
