#include "services/notification/preferences/domain/telling.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "services/common/base/crypto.h"
#include "services/common/base/status.h"
#include "services/notification/preferences/domain/summary_time.h"

namespace gatehouse::notification {
namespace {

constexpr int kSummaryEventsMax = 2000;
constexpr size_t kSummaryLinesMax = 200;

// OK, and no case, where it is gone.
absl::StatusOr<std::map<std::string, MirroredCase>> Found(CaseDirectory& directory,
                                                          const std::string& organisation_id,
                                                          const std::set<std::string>& case_ids) {
  std::map<std::string, MirroredCase> found;
  for (auto& one : directory.LookUp(organisation_id, {case_ids.begin(), case_ids.end()})) {
    if (absl::IsNotFound(one.status())) continue;
    RETURN_IF_ERROR(one.status());
    found[one->case_id] = *std::move(one);
  }
  return found;
}

absl::Time NextOf(const Preferences& preferences, const OrganisationProfile& organisation,
                  absl::Time after) {
  return NextSummary(preferences.summary_hour, preferences.summary_minute, organisation.time_zone,
                     after);
}

// An address is nothing for an id that rests in the open.
std::string NameOf(const std::string& mailbox) { return Hex(Sha256(mailbox)).substr(0, 32); }

}  // namespace

absl::StatusOr<Wanted> Telling::Judge(const std::string& organisation_id,
                                      const std::vector<Event>& events) const {
  Wanted wanted;
  std::optional<Preferences> preferences;  // Read for what is told at all: most events are not.
  for (const Event& event : events) {
    if (event.case_id.empty()) continue;
    const ClientAction* const client = places_.actions.FindForClients(event.type);
    const StaffAction* staff = places_.actions.FindForStaff(event.type);
    if (staff != nullptr && !Concerns(*staff, event)) staff = nullptr;
    if (client == nullptr && staff == nullptr) continue;
    if (!preferences.has_value()) {
      ASSIGN_OR_RETURN(preferences, places_.preferences.Get(organisation_id));
    }
    const StaffDelivery to_staff =
        staff == nullptr ? StaffDelivery::kNone : preferences->Of(*staff).delivery;
    if (to_staff == StaffDelivery::kDaily) wanted.daily.push_back(event);
    if (to_staff == StaffDelivery::kAtOnce || to_staff == StaffDelivery::kSms ||
        (client != nullptr && preferences->Of(*client).delivery != ClientDelivery::kNone)) {
      wanted.at_once.push_back(event);
    }
  }
  return wanted;
}

std::vector<Notice> Telling::ForClients(const Preferences& preferences, const Event& event,
                                        const Scene& scene) const {
  const auto* action = places_.actions.FindForClients(event.type);
  if (action == nullptr) return {};
  return NoticesForClients(*action, preferences.Of(*action), event, scene);
}

std::vector<Notice> Telling::ForOwner(const Preferences& preferences, const Event& event,
                                      const Scene& scene) const {
  const auto* action = places_.actions.FindForStaff(event.type);
  if (action == nullptr || !Concerns(*action, event)) return {};
  const StaffChoice choice = preferences.Of(*action);
  const bool now =
      choice.delivery == StaffDelivery::kAtOnce || choice.delivery == StaffDelivery::kSms;
  if (!now) return {};
  return {NoticeForOwner(*action, choice, event, scene)};
}

absl::Status Telling::AttachTo(std::vector<Notice>& notices, const std::string& organisation_id,
                               const Event& event) const {
  const auto visit = event.data.find("visitId");
  if (visit == event.data.end() || notices.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Attachment calendar,
                   places_.calendars.LookUpVisit(organisation_id, event.case_id, visit->second));
  for (Notice& notice : notices) notice.attachment = calendar;
  return absl::OkStatus();
}

absl::Status Telling::TellEvent(const std::string& organisation_id, const Event& event) const {
  ASSIGN_OR_RETURN(const auto cases, Found(places_.cases, organisation_id, {event.case_id}));
  if (cases.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto organisation, places_.organisations.LookUp(organisation_id));
  ASSIGN_OR_RETURN(const Preferences preferences, places_.preferences.Get(organisation_id));
  const Scene scene = {cases.begin()->second, organisation};
  std::vector<Notice> notices = ForClients(preferences, event, scene);
  RETURN_IF_ERROR(AttachTo(notices, organisation_id, event));
  for (Notice& notice : ForOwner(preferences, event, scene)) notices.push_back(std::move(notice));
  for (const Notice& notice : notices) {
    RETURN_IF_ERROR(places_.outlet.Send(organisation_id, notice));
  }
  return absl::OkStatus();
}

absl::Status Telling::PlanSummary(const std::string& organisation_id) const {
  ASSIGN_OR_RETURN(const auto organisation, places_.organisations.LookUp(organisation_id));
  ASSIGN_OR_RETURN(const Preferences preferences, places_.preferences.Get(organisation_id));
  return places_.summaries.Plan(organisation_id,
                                NextOf(preferences, organisation, places_.clock.Now()));
}

absl::Status Telling::TellContact(const std::string& organisation_id,
                                  const ContactNotice& told) const {
  const auto* action = places_.actions.FindForClients(told.action);
  if (action == nullptr) return absl::OkStatus();  // Of an older version.
  ASSIGN_OR_RETURN(const auto cases, Found(places_.cases, organisation_id, {told.case_id}));
  if (cases.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto organisation, places_.organisations.LookUp(organisation_id));
  ASSIGN_OR_RETURN(const Preferences preferences, places_.preferences.Get(organisation_id));
  const Scene scene = {cases.begin()->second, organisation};
  const CaseContact* const contact = scene.mirrored.Find(told.contact_id);
  if (contact == nullptr) return absl::OkStatus();
  for (const Notice& notice : NoticesForContact(*action, preferences.Of(*action), told.request_id,
                                                *contact, told.values, scene)) {
    RETURN_IF_ERROR(places_.outlet.Send(organisation_id, notice));
  }
  return absl::OkStatus();
}

std::vector<Notice> Telling::SummariesOf(const std::vector<Event>& events,
                                         const Preferences& preferences,
                                         const std::map<std::string, MirroredCase>& cases,
                                         const OrganisationProfile& organisation,
                                         absl::Time due) const {
  std::map<std::string, std::vector<SummaryLine>> lines;  // By the owner's address.
  std::map<std::string, std::string> names;
  for (const Event& event : events) {
    const auto found = cases.find(event.case_id);
    const auto* action = places_.actions.FindForStaff(event.type);
    if (found == cases.end() || found->second.owner.email.empty() || action == nullptr) continue;
    if (preferences.Of(*action).delivery == StaffDelivery::kNone) continue;
    const MirroredCase& mirrored = found->second;
    names[mirrored.owner.email] = mirrored.owner.name;
    lines[mirrored.owner.email].push_back(
        {mirrored.display_name, Sentence(*action, event, mirrored), event.time});
  }
  std::vector<Notice> notices;
  for (const auto& [email, of_owner] : lines) {
    notices.push_back(
        {.request_id = absl::StrCat("summary:", absl::ToUnixSeconds(due), ":", NameOf(email)),
         .ways = {{"daily-summary", "", email}},
         .values = {{"owner_name", names[email]},
                    {"organisation_name", organisation.display_name},
                    {"date", absl::FormatTime("%e %B %Y", due, organisation.time_zone)},
                    {"count", absl::StrCat(of_owner.size())},
                    {"events", TextOf(of_owner, organisation.time_zone, kSummaryLinesMax)}}});
  }
  return notices;
}

absl::Status Telling::SendSummary(const std::string& organisation_id, absl::Time due) const {
  ASSIGN_OR_RETURN(const auto waiting,
                   places_.summaries.Waiting(organisation_id, due, kSummaryEventsMax));
  if (!waiting.has_value()) return absl::OkStatus();
  const std::vector<Event>& events = *waiting;
  std::set<std::string> case_ids;
  for (const Event& event : events) case_ids.insert(event.case_id);
  ASSIGN_OR_RETURN(const auto cases, Found(places_.cases, organisation_id, case_ids));
  ASSIGN_OR_RETURN(const auto organisation, places_.organisations.LookUp(organisation_id));
  ASSIGN_OR_RETURN(const Preferences preferences, places_.preferences.Get(organisation_id));
  const auto notices = SummariesOf(events, preferences, cases, organisation, due);
  const absl::Time next = NextOf(preferences, organisation, std::max(due, places_.clock.Now()));
  return places_.summaries.Send(organisation_id, due, events, next, [&]() -> absl::Status {
    for (const Notice& notice : notices) {
      RETURN_IF_ERROR(places_.outlet.Send(organisation_id, notice));
    }
    return absl::OkStatus();
  });
}

}  // namespace gatehouse::notification
