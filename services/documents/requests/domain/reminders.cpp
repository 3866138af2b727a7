#include "services/documents/requests/domain/reminders.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace gatehouse::documents {
namespace {

constexpr int kMorning = 9, kDayBegins = 8, kDayEnds = 20;

absl::Time MorningOf(absl::CivilDay day, const absl::TimeZone& zone) {
  return absl::FromCivil(absl::CivilHour(day) + kMorning, zone);
}

// All times of its reminders, in any order.
std::vector<absl::Time> RemindersOf(const DocumentRequest& request, const ReminderRules& rules,
                                    const absl::TimeZone& zone) {
  std::vector<absl::Time> times;
  absl::CivilDay due;
  if (!absl::ParseCivilTime(request.due_date, &due)) return times;
  for (const int days : rules.days_before) times.push_back(MorningOf(due - days, zone));
  for (int i = 0; i < rules.overdue_times; ++i) {
    times.push_back(MorningOf(due + 1 + i * rules.overdue_interval_days, zone));
  }
  return times;
}

bool IsWithin(absl::Time time, absl::Time after, absl::Time until) {
  return after < time && time <= until;
}

// Whether something happened to it, between the two, that the client does not know of.
bool IsNews(const DocumentRequest& request, const Reader& reader, absl::Time after,
            absl::Time until) {
  if (request.state == RequestState::kReturned) {
    return IsWithin(request.review_time, after, until);
  }
  return reader.since < request.create_time && IsWithin(request.create_time, after, until);
}

const CaseContact* Find(const MirroredCase& mirrored, const std::string& contact_id) {
  for (const CaseContact& contact : mirrored.contacts) {
    if (contact.contact_id == contact_id) return contact.email.empty() ? nullptr : &contact;
  }
  return nullptr;
}

bool IsAsked(const Reader& reader, const DocumentRequest& request) {
  return MaySee(reader.access, request) &&
         (request.contact_id.empty() || request.contact_id == reader.access.contact_id);
}

}  // namespace

absl::Time NextReminder(const DocumentRequest& request, const ReminderRules& rules,
                        const absl::TimeZone& zone, absl::Time after) {
  absl::Time next = absl::InfiniteFuture();
  for (const absl::Time time : RemindersOf(request, rules, zone)) {
    if (time > std::max(after, request.create_time)) next = std::min(next, time);
  }
  return next;
}

absl::Time ByDay(absl::Time time, const absl::TimeZone& zone) {
  if (time == absl::InfiniteFuture()) return time;
  const absl::CivilHour hour = absl::ToCivilHour(time, zone);
  if (hour.hour() >= kDayBegins && hour.hour() < kDayEnds) return time;
  const absl::CivilDay day(hour);
  return MorningOf(hour.hour() < kDayBegins ? day : day + 1, zone);
}

ReminderPlan PlanReminders(const OpenRequests& open, const MirroredCase& mirrored,
                           const std::vector<Reader>& readers, const ReminderRules& rules,
                           const absl::TimeZone& zone, absl::Time now) {
  ReminderPlan plan;
  for (const DocumentRequest& request : open.requests) {
    plan.next = std::min(plan.next, ByDay(NextReminder(request, rules, zone, now), zone));
  }
  for (const Reader& reader : readers) {
    const CaseContact* contact = Find(mirrored, reader.access.contact_id);
    if (contact == nullptr) continue;
    Reminder reminder = {.contact = *contact};
    bool due = false;
    for (const DocumentRequest& request : open.requests) {
      if (!IsAsked(reader, request)) continue;
      reminder.requests.push_back(request);
      due = due || NextReminder(request, rules, zone, open.last_look) <= now ||
            IsNews(request, reader, open.last_look, now);
    }
    if (due) plan.reminders.push_back(std::move(reminder));
  }
  return plan;
}

std::vector<SharedNotice> SharedNotices(const std::vector<Document>& shared,
                                        const MirroredCase& mirrored,
                                        const std::vector<Reader>& readers) {
  std::vector<SharedNotice> notices;
  for (const Reader& reader : readers) {
    const CaseContact* contact = Find(mirrored, reader.access.contact_id);
    if (contact == nullptr) continue;
    SharedNotice notice = {.contact = *contact};
    for (const Document& document : shared) {
      const std::string& with = document.shared_contact_id;
      if (with.empty() || with == contact->contact_id) notice.names.push_back(document.filename);
    }
    if (!notice.names.empty()) notices.push_back(std::move(notice));
  }
  return notices;
}

std::string LinesOf(const std::vector<std::string>& names, size_t max) {
  std::string lines;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string more = absl::StrCat("- and ", names.size() - i, " more\n");
    if (lines.size() + names[i].size() + 3 + more.size() > max) return lines + more;
    absl::StrAppend(&lines, "- ", names[i], "\n");
  }
  return lines;
}

std::string LinesOf(const std::vector<DocumentRequest>& requests, size_t max) {
  std::vector<std::string> names;
  for (const DocumentRequest& request : requests) {
    std::string name = request.title;
    if (!request.due_date.empty()) absl::StrAppend(&name, " (by ", request.due_date, ")");
    if (!request.return_reason.empty()) absl::StrAppend(&name, ": ", request.return_reason);
    names.push_back(std::move(name));
  }
  return LinesOf(names, max);
}

}  // namespace gatehouse::documents
