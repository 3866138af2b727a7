#pragma once

#include "services/common/jobs/jobs.h"
#include "services/common/rpc/worker_pool.h"
#include "services/documents/signing/domain/sealing.h"

namespace gatehouse::documents {

// The lane of jobs that seal what was signed; one at a time, since each costs a core and memory.
constexpr char kSealLane[] = "seals";

// How the lane works, on the pool's thread; a job's payload is the case's id and the request's, a
// line each.
LaneOptions SealingLane(Sealing& sealing, WorkerPool& workers);

}  // namespace gatehouse::documents
