#pragma once

#include <functional>

#include "absl/status/status.h"
#include "services/common/jobs/lane.h"

namespace gatehouse {

// A lane of jobs that ask other services, a call each, and are never given up: what a service
// refuses today is tried every five minutes, since it may do it once it is mended; what is away is
// tried as the lane does. They run one by one on the lane's own thread, for none is to be fast.
LaneOptions PersistentLane(std::function<absl::Status(const Job&)> step);

}  // namespace gatehouse
