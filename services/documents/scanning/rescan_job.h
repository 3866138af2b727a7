#pragma once

#include "services/common/jobs/jobs.h"
#include "services/common/rpc/worker_pool.h"
#include "services/documents/scanning/domain/rescanning.h"

namespace gatehouse::documents {

// The lane of jobs that have an organisation's documents scanned again: one at a time, so that what
// comes in does not wait for it.
constexpr char kRescanLane[] = "rescans";

// How the lane works, on the pool's threads. A job is done once there is nothing left of it; until
// then it has its turn after the other organisations'.
LaneOptions RescanLane(Rescanning& rescanning, WorkerPool& workers);

// How many organisations wait in it, as a metric.
void ReportRescans(const std::string& lane, const JobStore::Backlog& backlog);

}  // namespace gatehouse::documents
