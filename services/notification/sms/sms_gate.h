#pragma once

#include <optional>
#include <string>

#include "gatehouse/notification/v1/sms.pb.h"
#include "services/common/settings/settings.h"
#include "services/notification/relays/domain/relay.h"
#include "services/notification/sms/domain/stops.h"

namespace gatehouse::notification {

// Whether a number may be sent an organisation's SMS.
class SmsGate {
 public:
  SmsGate(StopStore& stops, const Settings<v1::SmsSettings>& rules, RelayStore& relays)
      : stops_(stops), rules_(rules), relays_(relays) {}
  // Refuses SMS_COUNTRY_NOT_ALLOWED and SMS_STOPPED. Of a sandbox nothing leaves: any may.
  absl::Status Check(const std::string& organisation_id, const std::string& number) const;
  // By which account of its own an organisation sends; nothing where by that of all.
  absl::StatusOr<std::optional<RelayAccount>> OwnAccountOf(
      const std::string& organisation_id) const;

 private:
  StopStore& stops_;
  const Settings<v1::SmsSettings>& rules_;
  RelayStore& relays_;
};

}  // namespace gatehouse::notification
