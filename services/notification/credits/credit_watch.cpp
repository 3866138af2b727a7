#include "services/notification/credits/credit_watch.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/notification/v1/events.pb.h"
#include "services/common/base/status.h"
#include "services/common/jobs/events.h"

namespace gatehouse::notification {
namespace {

template <typename Told>
Event EventOf(const Told& told, const std::string& request_id) {
  return {.request_id = request_id,
          .type = Told::descriptor()->options().GetExtension(common::v1::event).type(),
          .time = absl::Now(),
          .data = FactsOf(told)};
}

}  // namespace

absl::Status CreditWatch::Tell(const LowBalance& low) const {
  ASSIGN_OR_RETURN(const v1::CreditSettings settings, settings_.Get(low.organisation_id, ""));
  v1::CreditsLow told;
  told.set_balance(absl::StrCat(low.balance));
  told.set_low_balance(absl::StrCat(low.low_balance));
  std::vector<Event> events = {EventOf(told, absl::StrCat("credits.low:", low.entry_number))};
  for (const v1::CreditBundle& bundle : settings.bundles()) {
    if (bundle.bundle_id() != settings.recharge_bundle_id()) continue;
    v1::CreditsRechargeWanted wanted;
    wanted.set_reference(absl::StrCat("recharge-", low.entry_number));
    wanted.set_bundle_id(bundle.bundle_id());
    wanted.set_credits(absl::StrCat(bundle.credits()));
    events.push_back(EventOf(wanted, absl::StrCat("credits.recharge:", low.entry_number)));
  }
  return store_.Publish(low.organisation_id, events).status();
}

}  // namespace gatehouse::notification
