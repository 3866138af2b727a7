#include "services/notification/preferences/stored_preferences.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/status.h"

namespace gatehouse::notification {
namespace {

absl::Status Twice(const char* list, int place) {
  return RefuseField(absl::StrCat("settings.", list, "[", place, "]"), "it is named twice");
}

}  // namespace

absl::StatusOr<Preferences> PreferencesFrom(const v1::NotificationSettings& settings) {
  Preferences preferences;
  // `HH:MM`, by the field's rule.
  const std::string& time = settings.summary_time();
  (void)absl::SimpleAtoi(time.substr(0, 2), &preferences.summary_hour);
  (void)absl::SimpleAtoi(time.substr(std::min<size_t>(3, time.size())),
                         &preferences.summary_minute);
  for (int i = 0; i < settings.client_actions_size(); ++i) {
    const v1::ClientAction& one = settings.client_actions(i);
    const ClientChoice choice = {static_cast<ClientDelivery>(one.delivery()),
                                 one.email_template_id(),
                                 one.sms_template_id(),
                                 {one.roles().begin(), one.roles().end()}};
    if (!preferences.for_clients.emplace(one.action(), choice).second) {
      return Twice("client_actions", i);
    }
  }
  for (int i = 0; i < settings.staff_actions_size(); ++i) {
    const v1::StaffAction& one = settings.staff_actions(i);
    const StaffChoice choice = {static_cast<StaffDelivery>(one.delivery()), one.email_template_id(),
                                one.sms_template_id()};
    if (!preferences.for_staff.emplace(one.event(), choice).second) {
      return Twice("staff_actions", i);
    }
  }
  return preferences;
}

absl::StatusOr<Preferences> StoredPreferences::Get(const std::string& organisation_id) {
  // Its defaults know no region.
  ASSIGN_OR_RETURN(const v1::NotificationSettings settings, settings_.Get(organisation_id, ""));
  return PreferencesFrom(settings);
}

}  // namespace gatehouse::notification
