#include "services/cases/effects.h"

#include "absl/time/clock.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/invitation/v1/invitations.pb.h"
#include "services/cases/case_proto.h"
#include "services/common/jobs/events.h"

namespace gatehouse::cases {

void AddFollow(const std::string& case_id, const std::optional<Case>& now,
               const std::string& author, OutboxCalls& calls) {
  invitation::v1::FollowCaseRequest request;
  request.set_case_id(case_id);
  request.set_actor_name(author);
  if (now.has_value()) *request.mutable_mirror() = ToMirror(*now);
  calls.Add(&invitation::v1::CaseFollower_Stub::FollowCase, request, "follow:" + case_id);
}

void AddDeleted(const std::string& case_id, OutboxCalls& calls) {
  AddEvent(v1::CaseDeleted(), {.case_id = case_id, .time = absl::Now()}, calls);
}

}  // namespace gatehouse::cases
