#include "services/documents/previews/preview_job.h"

#include "absl/strings/str_split.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::documents {
namespace {

constexpr int kFailuresMax = 5;

absl::Status PreviewOf(Previewing& previewing, const Job& job) {
  const std::pair<std::string, std::string> ids =
      absl::StrSplit(job.payload, absl::MaxSplits('\n', 1));
  const absl::Status made = previewing.Make(job.organisation_id, ids.first, ids.second);
  Count("gatehouse_previews_total", {{"outcome", made.ok() ? "done" : "failed"}});
  if (made.ok() || absl::IsUnavailable(made) || job.failures + 1 < kFailuresMax) return made;
  LogWarning("preview.failed", {{"document_id", ids.second}, {"error", made.ToString()}});
  return previewing.GiveUp(job.organisation_id, ids.first, ids.second);
}

}  // namespace

LaneOptions PreviewLane(Previewing& previewing, WorkerPool& workers) {
  LaneOptions lane([&](const Job& job, const JobDone& done) {
    const bool taken = workers.Run([&previewing, job, done] { done(PreviewOf(previewing, job)); });
    if (!taken) done(NotBefore(absl::Seconds(1)));
  });
  lane.at_once = 1;
  lane.handed = 1;
  lane.timeout = absl::Minutes(2);
  lane.lease = absl::Minutes(3);
  return lane;
}

void ReportPreviews(const std::string&, const JobStore::Backlog& backlog) {
  SetGauge("gatehouse_previews_waiting", {}, static_cast<double>(backlog.waiting));
  SetGauge("gatehouse_previews_oldest_seconds", {}, absl::ToDoubleSeconds(backlog.oldest));
}

}  // namespace gatehouse::documents
