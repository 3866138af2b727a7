#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/notification/preferences/domain/actions.h"

namespace gatehouse::notification {

// What an organisation says of an action for clients, and of one for staff.
struct ClientChoice {
  ClientDelivery delivery = ClientDelivery::kByDefault;
  std::string email_template_id, sms_template_id;  // Empty: the standard one.
  std::vector<std::string> roles;                  // Who is told; empty: everybody.
};
struct StaffChoice {
  StaffDelivery delivery = StaffDelivery::kByDefault;
  std::string email_template_id, sms_template_id;
};

// What an organisation changed, by the actions' names.
struct Preferences {
  std::map<std::string, ClientChoice> for_clients;
  std::map<std::string, StaffChoice> for_staff;
  int summary_hour = 8, summary_minute = 0;  // In the organisation's time zone.

  // What holds, with a delivery that is not kByDefault.
  ClientChoice Of(const ClientAction& action) const;
  StaffChoice Of(const StaffAction& action) const;
};

class PreferenceStore {
 public:
  virtual ~PreferenceStore() = default;
  virtual absl::StatusOr<Preferences> Get(const std::string& organisation_id) = 0;
};

// Refuses UNKNOWN_ACTION, and ACTION_REQUIRED where what must go out would not, or to some only.
absl::Status Check(const Actions& actions, const Preferences& preferences);

}  // namespace gatehouse::notification
