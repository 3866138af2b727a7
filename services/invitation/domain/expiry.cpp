#include "services/invitation/domain/expiry.h"

#include <algorithm>

namespace gatehouse::invitation {

absl::Status TellIfExpired(Store& store, const std::string& organisation_id,
                           const std::string& case_id, const std::string& invitation_id,
                           absl::Time now) {
  return store.Transact(
      organisation_id, case_id, [&](const std::vector<Invitation>& all) -> Decision {
        const auto found = std::find_if(all.begin(), all.end(), [&](const Invitation& candidate) {
          return candidate.invitation_id == invitation_id;
        });
        // The clock by which it was looked for may be ahead of this one.
        if (found != all.end() && found->state == State::kPending && now < found->expire_time &&
            found->expire_time - now < absl::Minutes(1)) {
          return absl::UnavailableError("the invitation's time is not up yet");
        }
        const bool expired = found != all.end() && found->state == State::kPending &&
                             StateAt(*found, now) == State::kExpired;
        if (!expired) return std::nullopt;
        Change change;
        change.invitation = *found;
        change.event = v1::InvitationExpired();
        return change;
      });
}

}  // namespace gatehouse::invitation
