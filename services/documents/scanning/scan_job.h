#pragma once

#include "services/common/jobs/jobs.h"
#include "services/common/rpc/worker_pool.h"
#include "services/documents/scanning/domain/scanning.h"

namespace gatehouse::documents {

// The lane of jobs that have a document scanned.
constexpr char kScanLane[] = "scans";
constexpr int kScansAtOnce = 4;

// How the lane works, on the pool's threads; a job's payload is the case's id and the document's,
// a line each. A document that fails five times by its own fault is given up.
LaneOptions ScanningLane(Scanning& scanning, WorkerPool& workers);

// What waits in it, as a metric.
void ReportScans(const std::string& lane, const JobStore::Backlog& backlog);

}  // namespace gatehouse::documents
