#include "services/documents/requests/domain/reminding.h"

#include "services/common/base/status.h"

namespace gatehouse::documents {
namespace {

constexpr int kOpenMax = 1000;
constexpr size_t kLinesMax = 900;  // Bytes; a message's value may have 1,000 characters.

// All else that its text may say, and by what it goes, notification knows.
ReminderMail MailOf(const char* action, const CaseContact& contact, const std::string& lines) {
  return {.action = action, .contact_id = contact.contact_id, .values = {{"documents", lines}}};
}

}  // namespace

absl::StatusOr<std::vector<ReminderMail>> Reminding::MailsOf(const std::string& organisation_id,
                                                             const std::string& case_id,
                                                             const OrganisationProfile& profile,
                                                             ReminderLook& look, absl::Time now) {
  ASSIGN_OR_RETURN(auto open, places_.requests.ListOpen(organisation_id, case_id, kOpenMax));
  look.next = absl::InfiniteFuture();
  ASSIGN_OR_RETURN(const auto shared,
                   places_.documents.ListShared(organisation_id, case_id, look.last));
  if (open.empty() && shared.empty()) return std::vector<ReminderMail>();
  const auto mirrored = places_.cases.LookUp(organisation_id, case_id);
  if (ReasonOf(mirrored.status()) == "NOT_FOUND") return std::vector<ReminderMail>();
  RETURN_IF_ERROR(mirrored.status());
  ASSIGN_OR_RETURN(const auto readers, places_.readers.Of(organisation_id, case_id));
  ASSIGN_OR_RETURN(const DocumentRules rules, places_.rules.Get(organisation_id));
  const ReminderPlan plan = PlanReminders({std::move(open), look.last}, *mirrored, readers,
                                          rules.reminders, profile.time_zone, now);
  look.next = plan.next;
  std::vector<ReminderMail> mails;
  for (const Reminder& reminder : plan.reminders) {
    mails.push_back(
        MailOf("documents-wanted", reminder.contact, LinesOf(reminder.requests, kLinesMax)));
  }
  for (const SharedNotice& notice : SharedNotices(shared, *mirrored, readers)) {
    mails.push_back(MailOf("documents-shared", notice.contact, LinesOf(notice.names, kLinesMax)));
  }
  return mails;
}

absl::Status Reminding::Look(const std::string& organisation_id, const std::string& case_id) {
  ASSIGN_OR_RETURN(const auto found, places_.reminders.Find(organisation_id, case_id));
  const absl::Time now = places_.clock.Now();
  if (!found.has_value()) return absl::OkStatus();
  if (found->next > now) {
    // Another job is there for a later time; unless this is the one, and its clock was ahead.
    if (found->next - now > absl::Minutes(1)) return absl::OkStatus();
    return absl::AbortedError("the time of the look has not come yet");
  }
  ASSIGN_OR_RETURN(const OrganisationProfile profile,
                   places_.organisations.LookUp(organisation_id));
  ReminderLook look = *found;
  std::vector<ReminderMail> mails;
  // What waited for longer than it should have waits for the morning, too.
  if (const absl::Time by_day = ByDay(now, profile.time_zone); by_day > now) {
    look.next = by_day;
  } else {
    ASSIGN_OR_RETURN(mails, MailsOf(organisation_id, case_id, profile, look, now));
    look.last = now;
  }
  return places_.reminders.Looked(organisation_id, case_id, look, mails);
}

}  // namespace gatehouse::documents
