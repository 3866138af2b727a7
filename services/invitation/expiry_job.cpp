#include "services/invitation/expiry_job.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/invitation/domain/expiry.h"

namespace gatehouse::invitation {

void AddExpiry(const Invitation& invitation, OutboxCalls& calls) {
  if (invitation.state != State::kPending) return;
  if (invitation.expire_time == absl::InfiniteFuture()) return;
  calls.AddJob(kExpiryLane, "invitation.expiry",
               absl::StrCat(invitation.invitation_id, "\n", invitation.case_id),
               invitation.expire_time);
}

Jobs::Work ExpiryWork(Store& store, const Clock& clock) {
  return [&store, &clock](const Job& job, Jobs::Done done) {
    const std::pair<std::string, std::string> ids =
        absl::StrSplit(job.payload, absl::MaxSplits('\n', 1));
    done(TellIfExpired(store, job.organisation_id, ids.second, ids.first, clock.Now()));
  };
}

}  // namespace gatehouse::invitation
