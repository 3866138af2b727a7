#include "services/notification/sms/sms_gate.h"

#include <algorithm>

#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/phone_region.h"
#include "services/common/text/sandbox.h"

namespace gatehouse::notification {

absl::Status SmsGate::Check(const std::string& organisation_id, const std::string& number) const {
  if (IsSandbox(organisation_id)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::SmsSettings settings, rules_.Get(organisation_id, ""));
  const auto& allowed = settings.allowed_countries();
  const std::string country = allowed.empty() ? "" : RegionOfPhone(number);
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), country) == allowed.end()) {
    return WithFact(Refuse(v1::SMS_COUNTRY_NOT_ALLOWED, "SMS do not go to numbers of that country"),
                    "country", country);
  }
  ASSIGN_OR_RETURN(const Stop stop, stops_.Find(organisation_id, number));
  if (!stop.stopped) return absl::OkStatus();
  return Refuse(v1::SMS_STOPPED, "the number has asked for no more SMS: answer START to the last");
}

absl::StatusOr<std::optional<RelayAccount>> SmsGate::OwnAccountOf(
    const std::string& organisation_id) const {
  if (IsSandbox(organisation_id)) return std::nullopt;
  ASSIGN_OR_RETURN(const auto relay, relays_.Find(organisation_id, Channel::kSms));
  return relay.has_value() ? relay->active : std::nullopt;
}

}  // namespace gatehouse::notification
