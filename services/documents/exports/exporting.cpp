#include "services/documents/exports/exporting.h"

#include "absl/time/clock.h"
#include "gatehouse/identity/v1/export.pb.h"
#include "gatehouse/invitation/v1/erasure.pb.h"
#include "gatehouse/invitation/v1/export.pb.h"
#include "gatehouse/notification/v1/export.pb.h"
#include "services/common/base/caller.h"
#include "services/common/observe/log.h"
#include "services/documents/exports/store/own_records.h"

namespace gatehouse::documents {
namespace {

using common::v1::ExportContactRequest;
using common::v1::ExportContactResponse;

// A service is given as long as its RPC may take, and a little more.
constexpr absl::Duration kStep = absl::Seconds(35), kTimeout = absl::Seconds(45),
                         kLease = absl::Seconds(60);
constexpr absl::Duration kRetryFirst = absl::Seconds(1), kRetryMost = absl::Minutes(5);

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
  // On the lane's own thread, one by one: nobody waits for one, and none is to be fast.
  LaneOptions lane([this](const Job& job, const JobDone& done) {
    Call call = Call::Current();
    call.deadline = absl::Now() + kStep;
    const CallScope scope(call);
    const absl::Status status = Do(job.organisation_id, job.payload);
    if (!status.ok()) {
      LogWarning("export.not_yet", {{"job", job.id}, {"error", status.ToString()}});
    }
    // None is given up while its time runs: what a service refuses today, it may do once it is
    // mended. What is away says so itself.
    const bool passes = status.ok() || absl::IsUnavailable(status) || absl::IsAborted(status) ||
                        absl::IsDeadlineExceeded(status);
    done(passes ? status : NotBefore(kRetryMost));
  });
  lane.at_once = 1;
  lane.timeout = kTimeout;
  lane.lease = kLease;
  lane.retry_first = kRetryFirst;
  lane.retry_most = kRetryMost;
  return lane;
}

}  // namespace gatehouse::documents
