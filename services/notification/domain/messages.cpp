#include "services/notification/domain/messages.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
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

absl::StatusOr<NewMessage> Compose(const Draft& draft, absl::Time now) {
  ASSIGN_OR_RETURN(const Recipient recipient, Recipient::Parse(draft.channel, draft.recipient));
  ASSIGN_OR_RETURN(const Text text,
                   Render(draft.channel, draft.template_name, draft.own, draft.parameters));
  const int segments = draft.channel == Channel::kSms ? Segments(text.body) : 0;
  if (segments > kSegmentsMax) {
    return RefuseField("body", absl::StrCat("must fit into ", kSegmentsMax, " SMS segments"));
  }
  const std::string id = NewId("msg");
  return NewMessage{
      .organisation_id = draft.organisation_id,
      .request_id = draft.request_id,
      .topic = draft.topic,
      .shown = {.message_id = id,
                .template_name = draft.template_name,
                .masked_recipient = Masked(draft.channel, recipient),
                .case_id = draft.case_id,
                .channel = draft.channel,
                .segments = segments},
      .outgoing = {draft.organisation_id, id, recipient, text},
      .expire_time = std::min(draft.expire_time.value_or(now + kLife), now + kLifeMax),
      .urgent = IsUrgent(draft.template_name)};
}

}  // namespace gatehouse::notification
