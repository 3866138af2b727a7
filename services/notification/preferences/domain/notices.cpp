#include "services/notification/preferences/domain/notices.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace gatehouse::notification {
namespace {

std::string FactOf(const Event& event, const std::string& name) {
  const auto found = event.data.find(name);
  return found == event.data.end() ? "" : found->second;
}

// Whose doing it was, or whom it is about.
std::string WhoOf(const Event& event) {
  const std::string by = FactOf(event, "byContactId");
  return by.empty() ? FactOf(event, "contactId") : by;
}

bool IsTold(const ClientChoice& choice, const CaseContact& contact) {
  const auto& roles = choice.roles;
  return contact.invited &&
         (roles.empty() || std::find(roles.begin(), roles.end(), contact.role) != roles.end());
}

void AddWay(const std::string& kind, const std::string& template_id, const std::string& recipient,
            Notice& notice) {
  if (!kind.empty() && !recipient.empty()) notice.ways.push_back({kind, template_id, recipient});
}

}  // namespace

std::vector<Notice> NoticesForContact(const ClientAction& action, const ClientChoice& choice,
                                      const std::string& request_id, const CaseContact& contact,
                                      std::map<std::string, std::string> values,
                                      const Scene& scene) {
  if (!IsTold(choice, contact) || choice.delivery == ClientDelivery::kNone) return {};
  values["contact_name"] = contact.name;
  values["case_name"] = scene.mirrored.display_name;
  values["organisation_name"] = scene.organisation.display_name;
  values["portal_url"] = scene.organisation.portal_url;
  Notice by_email = {
      .request_id = request_id, .case_id = scene.mirrored.case_id, .values = std::move(values)};
  Notice by_sms = by_email;
  AddWay(action.email_kind, choice.email_template_id, contact.email, by_email);
  AddWay(action.sms_kind, choice.sms_template_id, contact.mobile, by_sms);
  if (choice.delivery == ClientDelivery::kEmail) return {by_email};
  if (choice.delivery == ClientDelivery::kBoth) {
    by_sms.request_id += ":sms";
    return {by_email, by_sms};
  }
  by_sms.ways.insert(by_sms.ways.end(), by_email.ways.begin(), by_email.ways.end());
  return {by_sms};
}

std::vector<Notice> NoticesForClients(const ClientAction& action, const ClientChoice& choice,
                                      const Event& event, const Scene& scene) {
  const std::string whom = FactOf(event, "contactId"), by = FactOf(event, "byContactId");
  if (whom.empty() && !action.to_all) return {};
  std::vector<Notice> notices;
  for (const CaseContact& contact : scene.mirrored.contacts) {
    if (contact.contact_id == by || (!whom.empty() && contact.contact_id != whom)) continue;
    const std::string id = absl::StrCat(event.event_id, ":client:", contact.contact_id);
    for (Notice& notice :
         NoticesForContact(action, choice, id, contact, {{"event", action.says}}, scene)) {
      notices.push_back(std::move(notice));
    }
  }
  return notices;
}

Notice NoticeForOwner(const StaffAction& action, const StaffChoice& choice, const Event& event,
                      const Scene& scene) {
  const CaseOwner& owner = scene.mirrored.owner;
  Notice notice = {.request_id = event.event_id + ":staff",
                   .case_id = event.case_id,
                   .values = {{"owner_name", owner.name},
                              {"case_name", scene.mirrored.display_name},
                              {"case_id", event.case_id},
                              {"organisation_name", scene.organisation.display_name},
                              {"event", Sentence(action, event, scene.mirrored)}}};
  if (choice.delivery == StaffDelivery::kSms) {
    AddWay("event-for-staff-by-sms", choice.sms_template_id, owner.phone, notice);
  }
  AddWay("event-for-staff", choice.email_template_id, owner.email, notice);
  return notice;
}

bool Concerns(const StaffAction& action, const Event& event) {
  return action.needs.empty() || !FactOf(event, action.needs).empty();
}

std::string Sentence(const StaffAction& action, const Event& event, const MirroredCase& mirrored) {
  const CaseContact* const who = mirrored.Find(WhoOf(event));
  const std::string name = who == nullptr || who->name.empty() ? "A client" : who->name;
  return absl::StrReplaceAll(action.says, {{"{who}", name}});
}

std::string TextOf(std::vector<SummaryLine> lines, const absl::TimeZone& zone, size_t lines_max) {
  std::stable_sort(lines.begin(), lines.end(), [](const SummaryLine& a, const SummaryLine& b) {
    return std::tie(a.case_name, a.time) < std::tie(b.case_name, b.time);
  });
  std::string text, case_name;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i == lines_max) return absl::StrCat(text, "\n- and ", lines.size() - i, " more\n");
    if (i == 0 || lines[i].case_name != case_name) {
      case_name = lines[i].case_name;
      absl::StrAppend(&text, i == 0 ? "" : "\n", case_name, "\n");
    }
    absl::StrAppend(&text, "- ", absl::FormatTime("%a %H:%M", lines[i].time, zone), "  ",
                    lines[i].sentence, "\n");
  }
  return text;
}

}  // namespace gatehouse::notification
