#include "services/common/jobs/persistent_lane.h"

#include <utility>

#include "absl/time/clock.h"
#include "services/common/base/caller.h"

namespace gatehouse {
namespace {

// A service is given as long as its RPC may take, and a little more.
constexpr absl::Duration kStep = absl::Seconds(35), kTimeout = absl::Seconds(45),
                         kLease = absl::Seconds(60);
constexpr absl::Duration kRetryFirst = absl::Seconds(1), kRetryMost = absl::Minutes(5);

}  // namespace

LaneOptions PersistentLane(std::function<absl::Status(const Job&)> step) {
  LaneOptions lane([step = std::move(step)](const Job& job, const JobDone& done) {
    Call call = Call::Current();
    call.deadline = absl::Now() + kStep;
    const CallScope scope(call);
    const absl::Status status = step(job);
    // What is away says so itself.
    const bool passes = status.ok() || absl::IsUnavailable(status) || absl::IsAborted(status) ||
                        absl::IsDeadlineExceeded(status);
    done(passes ? status : NotBefore(kRetryMost));
  });
  lane.at_once = 1;
  lane.timeout = kTimeout;
  lane.lease = kLease;
  lane.retry_first = kRetryFirst;
  lane.retry_most = kRetryMost;
  return lane;
}

}  // namespace gatehouse
