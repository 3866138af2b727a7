#include "services/notification/credits/credits_handler.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "gatehouse/notification/v1/reasons.pb.h"

namespace gatehouse::notification {
namespace {

absl::Status UnknownBundle() {
  return Refuse(v1::UNKNOWN_BUNDLE, "there is no such bundle of credits");
}

const v1::CreditBundle* Find(const v1::CreditSettings& settings, const std::string& bundle_id) {
  for (const v1::CreditBundle& bundle : settings.bundles()) {
    if (bundle.bundle_id() == bundle_id) return &bundle;
  }
  return nullptr;
}

absl::Status Check(const v1::CreditSettings& settings) {
  std::set<std::string> ids;
  for (int i = 0; i < settings.bundles_size(); ++i) {
    if (ids.insert(settings.bundles(i).bundle_id()).second) continue;
    return RefuseField(absl::StrCat("settings.bundles[", i, "]"), "it is named twice");
  }
  const std::string& recharge = settings.recharge_bundle_id();
  return recharge.empty() || Find(settings, recharge) != nullptr ? absl::OkStatus()
                                                                 : UnknownBundle();
}

}  // namespace

void CreditsHandler::Register(Server& server) {
  using Self = CreditsHandler;
  server.Service("gatehouse.notification.v1.CreditBundles")
      .Unary("GetCreditSettings", *this, &Self::GetCreditSettings)
      .Unary("UpdateCreditSettings", *this, &Self::UpdateCreditSettings)
      .Unary("PurchaseBundle", *this, &Self::PurchaseBundle);
}

absl::StatusOr<v1::CreditSettings> CreditsHandler::GetCreditSettings(
    const Call& call, const v1::GetCreditSettingsRequest&) {
  return settings_.Get(call.caller.organisation_id, "");
}

absl::StatusOr<v1::CreditSettings> CreditsHandler::UpdateCreditSettings(
    const Call& call, const v1::UpdateCreditSettingsRequest& request) {
  using Result = absl::StatusOr<v1::CreditSettings>;
  const std::string& id = call.caller.organisation_id;
  return once_.Run(call, request, [&] {
    return postgres_.Write(Rows::Of(id), [&](Transaction&) -> Result {
      ASSIGN_OR_RETURN(const v1::CreditSettings settings,
                       settings_.Update(request.settings(), request.update_mask(), call, Check));
      // Where it is spent, it is at hand.
      RETURN_IF_ERROR(store_.SetLowBalance(id, settings.low_balance()));
      return settings;
    });
  });
}

absl::StatusOr<v1::Balance> CreditsHandler::PurchaseBundle(
    const Call& call, const v1::PurchaseBundleRequest& request) {
  const std::string& id = call.caller.organisation_id;
  ASSIGN_OR_RETURN(const v1::CreditSettings settings, settings_.Get(id, ""));
  const v1::CreditBundle* const bundle = Find(settings, request.bundle_id());
  if (bundle == nullptr) return UnknownBundle();
  ASSIGN_OR_RETURN(const int64_t balance,
                   store_.Purchase(id, bundle->credits(), request.reference()));
  v1::Balance answer;
  answer.set_balance(balance);
  return answer;
}

}  // namespace gatehouse::notification
