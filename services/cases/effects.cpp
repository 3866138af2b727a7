#include "services/cases/effects.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/cases/v1/events.pb.h"
#include "gatehouse/cases/v1/removals.pb.h"
#include "gatehouse/documents/v1/removals.pb.h"
#include "gatehouse/invitation/v1/invitations.pb.h"
#include "gatehouse/notification/v1/removals.pb.h"
#include "services/cases/case_proto.h"
#include "services/common/base/proto_time.h"
#include "services/common/jobs/events.h"

namespace gatehouse::cases {
namespace {

invitation::v1::FollowCaseRequest Following(const std::string& case_id, const std::string& author) {
  invitation::v1::FollowCaseRequest request;
  request.set_case_id(case_id);
  request.set_actor_name(author);
  return request;
}

void Add(const invitation::v1::FollowCaseRequest& request, OutboxCalls& calls) {
  calls.Add(&invitation::v1::CaseFollower_Stub::FollowCase, request, "follow:" + request.case_id());
}

}  // namespace

void AddFollow(const std::string& case_id, const std::optional<Case>& now,
               const std::string& author, OutboxCalls& calls) {
  invitation::v1::FollowCaseRequest request = Following(case_id, author);
  if (now.has_value()) *request.mutable_mirror() = ToMirror(*now);
  Add(request, calls);
}

void AddDeleted(const std::string& case_id, absl::Time delete_time, const std::string& author,
                OutboxCalls& calls) {
  v1::RemoveCaseRequest request;
  request.set_case_id(case_id);
  v1::CaseRemoval& removal = *request.mutable_removal();
  removal.set_aside_id(absl::StrCat("~", absl::ToUnixMicros(delete_time), "~", case_id));
  *removal.mutable_remove_time() = gatehouse::ToProto(delete_time);
  invitation::v1::FollowCaseRequest follow = Following(case_id, author);
  *follow.mutable_removal() = removal;
  Add(follow, calls);
  calls.Add(&documents::v1::CaseRemovals_Stub::RemoveCase, request);
  calls.Add(&notification::v1::CaseRemovals_Stub::RemoveCase, request);
  AddEvent(v1::CaseDeleted(), {.case_id = case_id, .time = absl::Now()}, calls);
}

}  // namespace gatehouse::cases
