#include "services/cases/effects.h"

#include "absl/time/clock.h"
#include "gatehouse/invitation/v1/invitations.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/cases/case_proto.h"
#include "services/common/base/proto_time.h"

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
  notification::v1::PublishEventRequest request;
  request.set_type("case.deleted");
  request.set_case_id(case_id);
  *request.mutable_time() = gatehouse::ToProto(absl::Now());
  calls.Add(&notification::v1::Intake_Stub::PublishEvent, request);
}

}  // namespace gatehouse::cases
