#include "services/documents/signing/seal_job.h"

#include "absl/strings/str_split.h"
#include "services/common/observe/log.h"
#include "services/common/observe/metrics.h"

namespace gatehouse::documents {
namespace {

absl::Status SealOf(Sealing& sealing, const Job& job) {
  const std::pair<std::string, std::string> ids =
      absl::StrSplit(job.payload, absl::MaxSplits('\n', 1));
  const absl::Status sealed = sealing.Seal({job.organisation_id, ids.first, ids.second});
  Count("gatehouse_seals_total", {{"outcome", sealed.ok() ? "done" : "failed"}});
  if (!sealed.ok()) {
    LogWarning("seal.failed", {{"signature_request_id", ids.second}, {"error", sealed.ToString()}});
  }
  return sealed;
}

}  // namespace

LaneOptions SealingLane(Sealing& sealing, WorkerPool& workers) {
  LaneOptions lane([&](const Job& job, const JobDone& done) {
    const bool taken = workers.Run([&sealing, job, done] { done(SealOf(sealing, job)); });
    if (!taken) done(NotBefore(absl::Seconds(1)));
  });
  lane.at_once = 1;
  lane.handed = 1;
  lane.timeout = absl::Minutes(3);
  lane.lease = absl::Minutes(4);
  return lane;
}

}  // namespace gatehouse::documents
