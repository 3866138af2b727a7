#include "services/notification/sms/sms_handler.h"

#include "absl/strings/str_cat.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/crypto.h"
#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"
#include "services/common/observe/metrics.h"
#include "services/common/text/region.h"
#include "services/notification/domain/texts.h"
#include "services/notification/relays/own_accounts.h"
#include "services/notification/sms/domain/words.h"
#include "services/notification/sms/signature.h"

namespace gatehouse::notification {
namespace {

constexpr size_t kProviderIdMax = 100, kFailureMax = 20;

v1::SmsStop ToProto(const Stop& stop) {
  v1::SmsStop proto;
  proto.set_stopped(stop.stopped);
  if (stop.change_time) *proto.mutable_change_time() = gatehouse::ToProto(*stop.change_time);
  return proto;
}

absl::Status CheckCountries(const v1::SmsSettings& settings) {
  for (int i = 0; i < settings.allowed_countries_size(); ++i) {
    if (IsRegion(settings.allowed_countries(i))) continue;
    return RefuseField(absl::StrCat("settings.allowed_countries[", i, "]"), "is no country's code");
  }
  return absl::OkStatus();
}

absl::Status Forged() {
  Count("gatehouse_sms_callbacks_total", {{"kind", "forged"}});
  return Refuse(v1::SMS_CALLBACK_FORGED, "the callback is not signed by a known account");
}

void CountTaken(const char* kind) { Count("gatehouse_sms_callbacks_total", {{"kind", kind}}); }

}  // namespace

void SmsHandler::Register(Server& server) {
  server.Service("gatehouse.notification.v1.SmsRules")
      .Unary("GetSmsSettings", *this, &SmsHandler::GetSmsSettings)
      .Unary("UpdateSmsSettings", *this, &SmsHandler::UpdateSmsSettings)
      .Unary("LookUpStop", *this, &SmsHandler::LookUpStop)
      .Unary("LiftStop", *this, &SmsHandler::LiftStop);
  server.Service("gatehouse.notification.v1.SmsCallbacks")
      .Unary("TakeSmsCallback", *this, &SmsHandler::TakeSmsCallback);
}

absl::StatusOr<v1::SmsSettings> SmsHandler::GetSmsSettings(const Call& call,
                                                           const v1::GetSmsSettingsRequest&) {
  return rules_.Get(call.caller.organisation_id, "");
}

absl::StatusOr<v1::SmsSettings> SmsHandler::UpdateSmsSettings(
    const Call& call, const v1::UpdateSmsSettingsRequest& request) {
  return once_.Run(call, request, [&] {
    return rules_.Update(request.settings(), request.update_mask(), call, CheckCountries);
  });
}

absl::StatusOr<v1::SmsStop> SmsHandler::LookUpStop(const Call& call,
                                                   const v1::LookUpStopRequest& request) {
  ASSIGN_OR_RETURN(const Stop stop, stops_.Find(call.caller.organisation_id, request.mobile()));
  return ToProto(stop);
}

absl::StatusOr<v1::SmsStop> SmsHandler::LiftStop(const Call& call,
                                                 const v1::LiftStopRequest& request) {
  ASSIGN_OR_RETURN(const Stop stop, stops_.Lift(call.caller.organisation_id, request.mobile()));
  return ToProto(stop);
}

absl::StatusOr<std::vector<SmsConfig>> SmsHandler::AccountsOf(
    const v1::TakeSmsCallbackRequest& request) const {
  std::vector<SmsConfig> found;
  for (const SmsConfig& account : accounts_) {
    if (account.account == request.account()) found.push_back(account);
  }
  if (request.organisation_id().empty() || accounts_.empty()) return found;
  ASSIGN_OR_RETURN(const auto relay, relays_.Find(request.organisation_id(), Channel::kSms));
  if (relay.has_value() && relay->active && relay->active->user == request.account()) {
    found.push_back(OwnAccount(accounts_[0], *relay->active));
  }
  return found;
}

absl::StatusOr<SmsConfig> SmsHandler::SignerOf(const v1::TakeSmsCallbackRequest& request,
                                               const Form& form) const {
  ASSIGN_OR_RETURN(const std::vector<SmsConfig> accounts, AccountsOf(request));
  for (const SmsConfig& account : accounts) {
    if (account.callback_url.empty()) continue;
    const std::string url =
        CallbackUrl(account.callback_url, request.organisation_id(), request.message_id());
    const std::string expected = CallbackSignature(account.token, url, form);
    if (EqualInConstantTime(expected, request.signature()) &&
        FieldOf(form, "AccountSid") == account.account) {
      return account;
    }
  }
  return Forged();
}

absl::StatusOr<v1::TakeSmsCallbackResponse> SmsHandler::TakeSmsCallback(
    const Call&, const v1::TakeSmsCallbackRequest& request) {
  const auto form = ReadForm(request.form());
  if (!form.has_value()) return Forged();
  ASSIGN_OR_RETURN(const SmsConfig account, SignerOf(request, *form));
  if (!request.message_id().empty()) {
    RETURN_IF_ERROR(TakeReceipt(request, *form));
  } else {
    RETURN_IF_ERROR(TakeInbound(account, account.own ? request.organisation_id() : "", *form));
  }
  return v1::TakeSmsCallbackResponse();
}

absl::Status SmsHandler::TakeReceipt(const v1::TakeSmsCallbackRequest& request, const Form& form) {
  const auto state = ReceiptStateOf(FieldOf(form, "MessageStatus"));
  const std::string id = FieldOf(form, "MessageSid"), failure = FieldOf(form, "ErrorCode");
  if (!state.has_value() || id.size() > kProviderIdMax || failure.size() > kFailureMax) {
    CountTaken("unknown");
    return absl::OkStatus();
  }
  const bool undelivered = *state == ReceiptState::kUndelivered;
  CountTaken(undelivered                          ? "undelivered"
             : *state == ReceiptState::kDelivered ? "delivered"
                                                  : "on_its_way");
  return stops_.Add(request.organisation_id(), request.message_id(),
                    {*state, id, undelivered ? failure : ""});
}

absl::Status SmsHandler::TakeInbound(const SmsConfig& account, const std::string& organisation_id,
                                     const Form& form) {
  const SmsWord word = ReadSmsWord(FieldOf(form, "Body"), FieldOf(form, "OptOutType"));
  const auto from = Recipient::Parse(Channel::kSms, FieldOf(form, "From"));
  const std::string id = FieldOf(form, "MessageSid");
  const bool ours = FieldOf(form, "To") == account.from;
  if (word == SmsWord::kNone || !from.ok() || !ours || id.empty() || id.size() > kProviderIdMax) {
    CountTaken("unknown");
    return absl::OkStatus();
  }
  CountTaken(word == SmsWord::kStop ? "stop" : "start");
  return stops_.Say(organisation_id, from->text(), word == SmsWord::kStop, id);
}

}  // namespace gatehouse::notification
