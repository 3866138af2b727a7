#include "services/notification/domain/texts.h"

#include "services/common/base/status.h"
#include "services/common/text/address.h"

namespace gatehouse::notification {

absl::StatusOr<Recipient> Recipient::Parse(Channel channel, const std::string& text) {
  const bool phone = text.size() >= 8 && text.size() <= 16 && text[0] == '+' &&
                     text.find_first_not_of("0123456789", 1) == std::string::npos;
  if (channel == Channel::kSms ? phone : IsEmail(text)) return Recipient(text);
  return RefuseField("recipient", channel == Channel::kSms ? "must be a number in E.164"
                                                           : "must be an e-mail address");
}

}  // namespace gatehouse::notification
