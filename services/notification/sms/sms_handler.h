#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gatehouse/notification/v1/sms.pb.h"
#include "services/common/postgres/once.h"
#include "services/common/rpc/server.h"
#include "services/common/settings/settings.h"
#include "services/notification/relays/domain/relay.h"
#include "services/notification/senders/curl.h"
#include "services/notification/sms/domain/form.h"
#include "services/notification/sms/domain/stops.h"

namespace gatehouse::notification {

// The RPCs of proto/gatehouse/notification/v1/sms.proto.
class SmsHandler {
 public:
  using Rules = Settings<v1::SmsSettings>;
  // `accounts` are those that SMS go out by, which their providers call back for; beside them there
  // are those of organisations, for which the first one's provider calls back.
  SmsHandler(StopStore& stops, RelayStore& relays, const Rules& rules, Once& once,
             std::vector<SmsConfig> accounts)
      : stops_(stops),
        relays_(relays),
        rules_(rules),
        once_(once),
        accounts_(std::move(accounts)) {}
  void Register(Server& server);

  absl::StatusOr<v1::SmsSettings> GetSmsSettings(const Call& call,
                                                 const v1::GetSmsSettingsRequest& request);
  absl::StatusOr<v1::SmsSettings> UpdateSmsSettings(const Call& call,
                                                    const v1::UpdateSmsSettingsRequest& request);
  absl::StatusOr<v1::SmsStop> LookUpStop(const Call& call, const v1::LookUpStopRequest& request);
  absl::StatusOr<v1::SmsStop> LiftStop(const Call& call, const v1::LiftStopRequest& request);
  absl::StatusOr<v1::TakeSmsCallbackResponse> TakeSmsCallback(
      const Call& call, const v1::TakeSmsCallbackRequest& request);

 private:
  // The account that has signed it. Refuses SMS_CALLBACK_FORGED.
  absl::StatusOr<SmsConfig> SignerOf(const v1::TakeSmsCallbackRequest& request,
                                     const Form& form) const;
  // Those that it may be about, of this name.
  absl::StatusOr<std::vector<SmsConfig>> AccountsOf(
      const v1::TakeSmsCallbackRequest& request) const;
  absl::Status TakeReceipt(const v1::TakeSmsCallbackRequest& request, const Form& form);
  absl::Status TakeInbound(const SmsConfig& account, const std::string& organisation_id,
                           const Form& form);

  StopStore& stops_;
  RelayStore& relays_;
  const Rules& rules_;
  Once& once_;
  const std::vector<SmsConfig> accounts_;
};

}  // namespace gatehouse::notification
