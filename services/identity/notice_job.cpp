#include "services/identity/notice_job.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/identity/v1/records.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "gatehouse/notification/v1/preferences.pb.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/identity/passwords/store/redis_limits.h"

namespace gatehouse::identity {
namespace {

// The kind of its e-mail, as notification knows it.
const char* MessageKind(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kPasswordCreated:
      return "password-created";
    case NoticeKind::kRecoveryCodesMade:
      return "recovery-codes-made";
    case NoticeKind::kRecoveryCodeUsed:
      return "recovery-code-used";
    case NoticeKind::kPasskeyAdded:
      return "passkey-added";
    case NoticeKind::kPasskeyRemoved:
      return "passkey-removed";
    case NoticeKind::kFactorsReset:
      return "factors-reset";
    default:
      return "password-changed";
  }
}

notification::v1::SubmitMessageRequest MessageOf(const v1::FactorNotice& notice,
                                                 const std::string& id, bool by_sms) {
  notification::v1::SubmitMessageRequest request;
  request.set_request_id(absl::StrCat(id, by_sms ? ":sms" : ":email"));
  request.set_channel(by_sms ? notification::v1::SMS : notification::v1::EMAIL);
  request.set_template_(by_sms ? notice.kind() + "-by-sms" : notice.kind());
  request.set_recipient(by_sms ? notice.mobile() : notice.email());
  request.set_case_id(notice.case_id());
  auto& parameters = *request.mutable_parameters();
  parameters["organisation_name"] = notice.organisation_name();
  if (!by_sms) parameters["contact_name"] = notice.contact_name();
  return request;
}

absl::Status Submit(Client& notification, const std::string& organisation_id,
                    const notification::v1::SubmitMessageRequest& request) {
  return notification.Call(&notification::v1::Intake_Stub::SubmitMessage, organisation_id, request)
      .status();
}

// By SMS, to the number that the case has now: an account has none that could be read.
absl::Status TellContact(Client& notification, const Job& job, const v1::FactorNotice& notice) {
  notification::v1::TellContactRequest request;
  request.set_request_id(absl::StrCat(job.id, ":sms"));
  request.set_action(notice.kind());
  request.set_case_id(notice.case_id());
  request.set_contact_id(notice.contact_id());
  return notification
      .Call(&notification::v1::Telling_Stub::TellContact, job.organisation_id, request)
      .status();
}

absl::Status Tell(Client& notification, const Job& job) {
  v1::FactorNotice notice;
  if (!notice.ParseFromString(job.payload)) return absl::DataLossError("a notice is broken");
  if (!notice.email().empty()) {
    RETURN_IF_ERROR(Submit(notification, job.organisation_id, MessageOf(notice, job.id, false)));
  }
  if (!notice.contact_id().empty()) return TellContact(notification, job, notice);
  if (notice.mobile().empty()) return absl::OkStatus();
  const absl::Status told =
      Submit(notification, job.organisation_id, MessageOf(notice, job.id, true));
  // An organisation may have no SMS.
  return ReasonOf(told).empty() ? told : absl::OkStatus();
}

}  // namespace

Job NoticeJob(const FactorNotice& notice) {
  v1::FactorNotice payload;
  if (notice.kind != NoticeKind::kPasswordCreated) payload.set_email(notice.subject.email);
  payload.set_mobile(notice.subject.mobile);
  payload.set_contact_name(notice.subject.contact_name);
  payload.set_organisation_name(notice.organisation_name);
  payload.set_case_id(notice.subject.access.case_id);
  payload.set_kind(MessageKind(notice.kind));
  if (notice.kind == NoticeKind::kRecoveryCodesMade) {
    payload.set_contact_id(notice.subject.access.contact_id);
  }
  Job job;
  job.organisation_id = notice.subject.organisation_id;
  job.lane = kNoticeLane;
  job.kind = "factor.notice";
  job.id = NewId("job");
  job.payload = payload.SerializeAsString();
  return job;
}

Jobs::Work NoticeWork(Client& notification) {
  return [&notification](const Job& job, Jobs::Done done) { done(Tell(notification, job)); };
}

absl::Status NotificationResetMailer::Mail(const Subject& subject,
                                           const std::string& organisation_name,
                                           const Secret& link) {
  notification::v1::SubmitMessageRequest request;
  request.set_request_id(NewId("rst"));
  request.set_channel(notification::v1::EMAIL);
  request.set_template_("password-reset");
  request.set_recipient(subject.email);
  request.set_case_id(subject.access.case_id);
  auto& parameters = *request.mutable_parameters();
  parameters["organisation_name"] = organisation_name;
  parameters["contact_name"] = subject.contact_name;
  parameters["link"] = link.Reveal();
  *request.mutable_expire_time() = gatehouse::ToProto(absl::Now() + kResetLife);
  request.set_topic(absl::StrCat("reset:", subject.access.case_id, ":", subject.access.contact_id));
  return Submit(notification_, subject.organisation_id, request);
}

}  // namespace gatehouse::identity
