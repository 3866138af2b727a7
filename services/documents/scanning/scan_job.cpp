#include "services/documents/scanning/scan_job.h"

#include "absl/strings/str_split.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::documents {
namespace {

constexpr int kFailuresMax = 5;

absl::Status ScanOf(Scanning& scanning, const Job& job) {
  const std::pair<std::string, std::string> ids =
      absl::StrSplit(job.payload, absl::MaxSplits('\n', 1));
  const absl::Status scanned = scanning.Scan(job.organisation_id, ids.first, ids.second);
  if (scanned.ok() || absl::IsUnavailable(scanned) || job.failures + 1 < kFailuresMax) {
    return scanned;
  }
  LogWarning("scan.failed", {{"document_id", ids.second}, {"error", scanned.ToString()}});
  return scanning.GiveUp(job.organisation_id, ids.first, ids.second, scanned);
}

}  // namespace

LaneOptions ScanningLane(Scanning& scanning, WorkerPool& workers) {
  LaneOptions lane([&](const Job& job, const JobDone& done) {
    const bool taken = workers.Run([&scanning, job, done] { done(ScanOf(scanning, job)); });
    if (!taken) done(NotBefore(absl::Seconds(1)));
  });
  lane.at_once = kScansAtOnce;
  lane.handed = kScansAtOnce;
  // A large file takes its time, with each of clamd's own limits.
  lane.timeout = absl::Minutes(10);
  lane.lease = absl::Minutes(11);
  return lane;
}

void ReportScans(const std::string&, const JobStore::Backlog& backlog) {
  SetGauge("gatehouse_scans_waiting", {}, static_cast<double>(backlog.waiting));
  SetGauge("gatehouse_scans_oldest_seconds", {}, absl::ToDoubleSeconds(backlog.oldest));
}

}  // namespace gatehouse::documents
