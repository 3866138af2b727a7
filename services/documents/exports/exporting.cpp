#include "services/documents/exports/exporting.h"

#include "gatehouse/identity/v1/export.pb.h"
#include "gatehouse/invitation/v1/erasure.pb.h"
#include "gatehouse/invitation/v1/export.pb.h"
#include "gatehouse/notification/v1/export.pb.h"
#include "services/common/jobs/persistent_lane.h"
#include "services/common/observe/log.h"
#include "services/documents/exports/store/own_records.h"

namespace gatehouse::documents {
namespace {

using common::v1::ExportContactRequest;
using common::v1::ExportContactResponse;

}  // namespace

absl::StatusOr<cases::v1::IdentifyContactResponse> ExportClients::Identify(
    const std::string& organisation_id, const std::string& contact_id) {
  invitation::v1::LookUpInvitedRequest invited;
  invited.set_contact_id(contact_id);
  cases::v1::IdentifyContactRequest request;
  ASSIGN_OR_RETURN(*request.mutable_invited(),
                   clients_.invitation.Call(&invitation::v1::ContactErasure_Stub::LookUpInvited,
                                            organisation_id, invited));
  return clients_.cases.Call(&cases::v1::ContactExport_Stub::IdentifyContact, organisation_id,
                             request);
}

absl::StatusOr<ExportContactResponse> ExportClients::Export(ExportSource source,
                                                            const std::string& organisation_id,
                                                            const ExportContactRequest& request) {
  switch (source) {
    case ExportSource::kCases:
      return clients_.cases.Call(&cases::v1::ContactExport_Stub::ExportContact, organisation_id,
                                 request);
    case ExportSource::kInvitation:
      return clients_.invitation.Call(&invitation::v1::ContactExport_Stub::ExportContact,
                                      organisation_id, request);
    case ExportSource::kIdentity:
      return clients_.identity.Call(&identity::v1::ContactExport_Stub::ExportContact,
                                    organisation_id, request);
    case ExportSource::kNotification:
      return clients_.notification.Call(&notification::v1::ContactExport_Stub::ExportContact,
                                        organisation_id, request);
    case ExportSource::kDocuments:
      return ExportKept(postgres_, organisation_id, request);
    default:
      return absl::InternalError("nobody is to be asked");
  }
}

absl::Status ContactExporting::Do(const std::string& organisation_id, const std::string& payload) {
  v1::ExportStep step;
  if (!step.ParseFromString(payload)) return absl::InternalError("the job cannot be read");
  ASSIGN_OR_RETURN(const bool is_next, store_.IsNext(organisation_id, step));
  if (!is_next) return absl::OkStatus();
  const auto source = static_cast<ExportSource>(step.source());
  v1::ExportStep next = step;
  next.set_step(step.step() + 1);
  ExportContactResponse part;
  if (source == ExportSource::kIdentify) {
    ASSIGN_OR_RETURN(cases::v1::IdentifyContactResponse found,
                     services_.Identify(organisation_id, step.subject().contact_id()));
    next.mutable_subject()->Swap(found.mutable_subject());
    next.mutable_others()->Swap(found.mutable_others());
    next.mutable_present_case_ids()->Swap(found.mutable_present_case_ids());
  } else {
    ExportContactRequest request;
    *request.mutable_subject() = step.subject();
    *request.mutable_others() = step.others();
    *request.mutable_present_case_ids() = step.present_case_ids();
    request.set_page_token(step.page_token());
    ASSIGN_OR_RETURN(part, services_.Export(source, organisation_id, request));
  }
  next.set_page_token(part.next_page_token());
  if (part.next_page_token().empty()) next.set_source(static_cast<int>(After(source)));
  return store_.Advance(organisation_id, step, next, part);
}

LaneOptions ContactExporting::Lane() {
  return PersistentLane([this](const Job& job) {
    const absl::Status status = Do(job.organisation_id, job.payload);
    if (!status.ok()) {
      LogWarning("export.not_yet", {{"job", job.id}, {"error", status.ToString()}});
    }
    return status;
  });
}

}  // namespace gatehouse::documents
