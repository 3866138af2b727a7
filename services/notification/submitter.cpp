#include "services/notification/submitter.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/observe/log.h"

namespace gatehouse::notification {

absl::StatusOr<StoredTemplate> Submitter::Choose(const std::string& organisation_id,
                                                 const Kind& kind, const std::string& chosen_id,
                                                 const std::string& language) {
  const ClientAction* const action = chosen_id.empty() ? actions_.FindForKind(kind.name) : nullptr;
  if (action == nullptr) return templates_.Choose(organisation_id, kind, chosen_id, language);
  ASSIGN_OR_RETURN(const Preferences preferences, preferences_.Get(organisation_id));
  const ClientChoice choice = preferences.Of(*action);
  const bool by_sms = kind.channel == Channel::kSms;
  return templates_.Choose(organisation_id, kind,
                           by_sms ? choice.sms_template_id : choice.email_template_id, language);
}

absl::StatusOr<std::optional<std::string>> Submitter::OwnSender(
    const std::string& organisation_id) const {
  if (sms_ == nullptr) return std::nullopt;
  ASSIGN_OR_RETURN(const auto account, sms_->OwnAccountOf(organisation_id));
  if (!account.has_value()) return std::nullopt;
  return account->from;
}

absl::Status Submitter::CheckSmsTo(const std::string& organisation_id,
                                   const std::string& number) const {
  return sms_ == nullptr ? absl::OkStatus() : sms_->Check(organisation_id, number);
}

absl::StatusOr<Message> Submitter::Submit(const Draft& draft, const Kind& kind,
                                          const std::string& chosen_id,
                                          const std::string& language) {
  if (kind.channel == Channel::kSms) {
    if (sms_ == nullptr) return Refuse(v1::SMS_NOT_CONFIGURED, "no SMS provider is set up");
    ASSIGN_OR_RETURN(const Recipient recipient, Recipient::Parse(kind.channel, draft.recipient));
    RETURN_IF_ERROR(sms_->Check(draft.organisation_id, recipient.text()));
  }
  ASSIGN_OR_RETURN(const StoredTemplate chosen,
                   Choose(draft.organisation_id, kind, chosen_id, language));
  ASSIGN_OR_RETURN(NewMessage composed, Compose(draft, kind, chosen, absl::Now()));
  if (kind.channel == Channel::kSms) {
    ASSIGN_OR_RETURN(const auto own, OwnSender(draft.organisation_id));
    composed.outgoing.unpaid = own.has_value();
    if (own.has_value()) composed.shown.segments = 0;
  }
  if (composed.shown.template_version != chosen.version) {
    LogWarning("template.unusable", {{"organisation", draft.organisation_id},
                                     {"template", chosen.template_id},
                                     {"version", absl::StrCat(chosen.version)}});
  }
  return queue_.Submit(composed);
}

}  // namespace gatehouse::notification
