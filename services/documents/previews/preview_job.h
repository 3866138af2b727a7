#pragma once

#include "services/common/jobs/jobs.h"
#include "services/common/rpc/worker_pool.h"
#include "services/documents/previews/domain/previewing.h"

namespace gatehouse::documents {

// The lane of jobs that make previews; one at a time, since each costs a core and memory.
constexpr char kPreviewLane[] = "previews";

// How the lane works, on the pool's thread; a job's payload is the case's id and the document's, a
// line each. A document that fails five times by its own fault is given up.
LaneOptions PreviewLane(Previewing& previewing, WorkerPool& workers);

// What waits in it, as a metric.
void ReportPreviews(const std::string& lane, const JobStore::Backlog& backlog);

}  // namespace gatehouse::documents
