#include "services/cases/erasures/erasing.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/documents/v1/erasure.pb.h"
#include "gatehouse/identity/v1/erasure.pb.h"
#include "gatehouse/invitation/v1/erasure.pb.h"
#include "gatehouse/notification/v1/erasure.pb.h"
#include "services/common/jobs/persistent_lane.h"
#include "services/common/observe/log.h"

namespace gatehouse::cases {
namespace {

using common::v1::EraseContactRequest;
using common::v1::EraseContactResponse;
using common::v1::Subject;

}  // namespace

absl::StatusOr<Subject> ErasureClients::LookUpInvited(const std::string& organisation_id,
                                                      const std::string& contact_id) {
  invitation::v1::LookUpInvitedRequest request;
  request.set_contact_id(contact_id);
  return clients_.invitation.Call(&invitation::v1::ContactErasure_Stub::LookUpInvited,
                                  organisation_id, request);
}

absl::StatusOr<EraseContactResponse> ErasureClients::Erase(ErasureAct act,
                                                           const std::string& organisation_id,
                                                           const EraseContactRequest& request) {
  switch (act) {
    case ErasureAct::kInvitation:
      return clients_.invitation.Call(&invitation::v1::ContactErasure_Stub::EraseContact,
                                      organisation_id, request);
    case ErasureAct::kIdentity:
      return clients_.identity.Call(&identity::v1::ContactErasure_Stub::EraseContact,
                                    organisation_id, request);
    case ErasureAct::kDocuments:
      return clients_.documents.Call(&documents::v1::ContactErasure_Stub::EraseContact,
                                     organisation_id, request);
    case ErasureAct::kNotification:
      return clients_.notification.Call(&notification::v1::ContactErasure_Stub::EraseContact,
                                        organisation_id, request);
    default:
      return absl::InternalError("no other service is to act");
  }
}

absl::Status ContactErasing::Do(const std::string& organisation_id, const std::string& payload) {
  v1::ErasureStep step;
  if (!step.ParseFromString(payload)) return absl::InternalError("the job cannot be read");
  ASSIGN_OR_RETURN(const bool is_next, store_.IsNext(organisation_id, step));
  if (!is_next) return absl::OkStatus();
  const absl::Duration wait = WaitBefore(step.step() + 1, between_rounds_);
  switch (const ErasureAct act = ActOf(step.step())) {
    case ErasureAct::kLookUp:
      return LookUp(organisation_id, std::move(step));
    case ErasureAct::kCases:
      return store_.EraseOwn(organisation_id, step, wait);
    case ErasureAct::kDone:
      return absl::OkStatus();
    default:
      return Take(act, organisation_id, step, wait);
  }
}

absl::Status ContactErasing::LookUp(const std::string& organisation_id, v1::ErasureStep step) {
  ASSIGN_OR_RETURN(const Subject invited,
                   services_.LookUpInvited(organisation_id, step.subject().contact_id()));
  ASSIGN_OR_RETURN(*step.mutable_subject(),
                   store_.Narrow(organisation_id, step.subject(), invited));
  return store_.Advance(organisation_id, step, EraseContactResponse(), absl::ZeroDuration());
}

absl::Status ContactErasing::Take(ErasureAct act, const std::string& organisation_id,
                                  const v1::ErasureStep& step, absl::Duration wait) {
  EraseContactRequest request;
  *request.mutable_subject() = step.subject();
  request.set_request_id(absl::StrCat(step.erasure_id(), "/", step.step()));
  ASSIGN_OR_RETURN(const EraseContactResponse receipt,
                   services_.Erase(act, organisation_id, request));
  return store_.Advance(organisation_id, step, receipt, wait);
}

LaneOptions ContactErasing::Lane() {
  return PersistentLane([this](const Job& job) {
    const absl::Status status = Do(job.organisation_id, job.payload);
    if (!status.ok()) {
      LogWarning("erasure.not_yet", {{"job", job.id}, {"error", status.ToString()}});
    }
    return status;
  });
}

}  // namespace gatehouse::cases
