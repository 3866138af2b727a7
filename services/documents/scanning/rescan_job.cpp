#include "services/documents/scanning/rescan_job.h"

#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::documents {
namespace {

absl::Status RescanOf(Rescanning& rescanning, const Job& job) {
  const auto more = rescanning.Go(job.organisation_id);
  if (!more.ok()) {
    LogWarning("scan.again_failed",
               {{"organisation_id", job.organisation_id}, {"error", more.status().ToString()}});
    return more.status();
  }
  return *more ? NotBefore(absl::Milliseconds(1)) : absl::OkStatus();
}

}  // namespace

LaneOptions RescanLane(Rescanning& rescanning, WorkerPool& workers) {
  LaneOptions lane([&](const Job& job, const JobDone& done) {
    const bool taken = workers.Run([&rescanning, job, done] { done(RescanOf(rescanning, job)); });
    if (!taken) done(NotBefore(absl::Seconds(1)));
  });
  lane.at_once = 1;
  lane.handed = 1;
  lane.timeout = absl::Minutes(10);
  lane.lease = absl::Minutes(11);
  return lane;
}

void ReportRescans(const std::string&, const JobStore::Backlog& backlog) {
  SetGauge("gatehouse_rescans_waiting", {}, static_cast<double>(backlog.waiting));
}

}  // namespace gatehouse::documents
