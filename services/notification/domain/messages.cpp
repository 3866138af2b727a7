#include "services/notification/domain/messages.h"

#include <algorithm>

#include "services/common/base/random.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/notification/domain/segments.h"

namespace gatehouse::notification {
namespace {

constexpr absl::Duration kLife = absl::Hours(3 * 24), kLifeMax = absl::Hours(7 * 24);

std::string Masked(Channel channel, const Recipient& recipient) {
  return channel == Channel::kSms ? MaskPhone(recipient.text()) : MaskEmail(recipient.text());
}

}  // namespace

absl::StatusOr<NewMessage> Compose(const Draft& draft, const Kind& kind,
                                   const StoredTemplate& chosen, absl::Time now) {
  ASSIGN_OR_RETURN(const Recipient recipient, Recipient::Parse(kind.channel, draft.recipient));
  StoredTemplate made_of = chosen;
  auto text = Render(kind, draft.own, made_of.text, draft.parameters);
  if (!text.ok() && chosen.version > 0) {
    made_of = {.kind = kind.name};
    text = Render(kind, draft.own, kind.text, draft.parameters);
  }
  RETURN_IF_ERROR(text.status());
  if (kind.channel == Channel::kEmail) text->attachment = draft.attachment;
  const auto name = draft.parameters.find("organisation_name");
  const bool is_named = kind.channel == Channel::kEmail && name != draft.parameters.end();
  const std::string id = NewId("msg");
  return NewMessage{
      .organisation_id = draft.organisation_id,
      .request_id = draft.request_id,
      .topic = draft.topic,
      .shown = {.message_id = id,
                .template_name = made_of.kind,
                .masked_recipient = Masked(kind.channel, recipient),
                .case_id = draft.case_id,
                .template_id = made_of.version > 0 ? made_of.template_id : "",
                .template_version = made_of.version,
                .channel = kind.channel,
                .segments = kind.channel == Channel::kSms ? Segments(text->body) : 0},
      .outgoing = {draft.organisation_id, id, recipient, *text, false,
                   is_named ? name->second : ""},
      .expire_time = std::min(draft.expire_time.value_or(now + kLife), now + kLifeMax),
      .urgent = kind.urgent};
}

}  // namespace gatehouse::notification
