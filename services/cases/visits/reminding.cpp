#include "services/cases/visits/reminding.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/cases/domain/seen_by.h"
#include "services/cases/visits/domain/visit_time.h"
#include "services/common/base/crypto.h"
#include "services/common/base/proto_time.h"

namespace gatehouse::cases {
namespace {

using notification::v1::SubmitMessageRequest;

// Notification gives a message up after seven days.
constexpr absl::Duration kMailLasts = absl::Hours(6 * 24);

// Whether the contact is told of the visit.
bool IsTold(const Contact& contact, const v1::Visit& visit) {
  const bool concerned = visit.contact_id().empty() || visit.contact_id() == contact.contact_id;
  return concerned && contact.portal == Portal::kActive && !contact.email.empty();
}

SubmitMessageRequest MailOf(const Case& mirrored, const Contact& contact, const v1::Visit& visit,
                            const std::string& portal_name, absl::Time now) {
  SubmitMessageRequest mail;
  mail.set_channel(notification::v1::EMAIL);
  mail.set_template_("visit-reminder");
  mail.set_recipient(contact.email);
  mail.set_case_id(mirrored.case_id);
  *mail.mutable_expire_time() = ToProto(std::min(StartOf(visit.agreed_time()), now + kMailLasts));
  auto& values = *mail.mutable_parameters();
  values["contact_name"] = absl::StrCat(contact.given_name, " ", contact.family_name);
  values["case_name"] = mirrored.display_name;
  values["portal_name"] = portal_name;
  values["visit"] = visit.plan().title();
  values["time"] = Readable(visit.agreed_time());
  values["place"] = visit.plan().place();
  values["installer"] = visit.plan().installer().display_name();
  values["phone"] = visit.plan().installer().phone();
  return mail;
}

}  // namespace

absl::Status VisitReminding::Remind(const std::string& organisation_id,
                                    const std::string& payload) {
  const VisitReminder reminder = VisitReminder::From(payload);
  const auto visit =
      parts_.visits.Get(organisation_id, reminder.case_id, reminder.visit_id, kEverybody);
  if (ReasonOf(visit.status()) == "NOT_FOUND") return absl::OkStatus();
  RETURN_IF_ERROR(visit.status());
  const bool holds =
      visit->state() == v1::Visit::CONFIRMED && visit->sequence() == reminder.sequence;
  const absl::Time now = parts_.clock.Now(), start = StartOf(visit->agreed_time());
  if (!holds || start <= now) return absl::OkStatus();
  if (start - absl::Minutes(reminder.minutes) > now + absl::Minutes(1)) {
    return parts_.visits.RemindLater(organisation_id, *visit, reminder);
  }
  return Send(organisation_id, reminder, *visit);
}

absl::Status VisitReminding::Send(const std::string& organisation_id, const VisitReminder& reminder,
                                  const v1::Visit& visit) {
  ASSIGN_OR_RETURN(const Case mirrored, parts_.mirror.Get(organisation_id, reminder.case_id));
  ASSIGN_OR_RETURN(const PortalSettings portal, parts_.settings.Get(organisation_id, ""));
  return parts_.postgres.Write(Rows::Of(organisation_id), [&](Transaction& tx) {
    OutboxCalls calls(organisation_id);
    for (const Contact& contact : mirrored.contacts) {
      if (!IsTold(contact, visit)) continue;
      SubmitMessageRequest mail =
          MailOf(mirrored, contact, visit, portal.display_name(), parts_.clock.Now());
      mail.set_request_id(Hex(Sha256(absl::StrCat(reminder.ToText(), "/", contact.contact_id))));
      calls.Add(&notification::v1::Intake_Stub::SubmitMessage, mail);
    }
    parts_.outbox.Add(tx, std::move(calls));
    return absl::OkStatus();
  });
}

Jobs::Work VisitReminding::Work() {
  return
      [this](const Job& job, Jobs::Done done) { done(Remind(job.organisation_id, job.payload)); };
}

}  // namespace gatehouse::cases
