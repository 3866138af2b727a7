#include "services/notification/domain/texts.h"

#include <algorithm>

#include "absl/strings/str_replace.h"
#include "gatehouse/notification/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/address.h"
#include "services/common/text/template.h"
#include "services/notification/domain/segments.h"

namespace gatehouse::notification {
namespace {

struct Template {
  Channel channel;
  Text text;
  bool urgent = false;
};

const std::map<std::string, Template> kTemplates = {
    {"invitation",
     {Channel::kEmail,
      {"{{organisation_name}} invites you: {{case_name}}",
       "Dear {{contact_name}},\n\n"
       "{{sender_name}} of {{organisation_name}} invites you to {{case_name}}: there you see where "
       "it stands, answer questions and hand over documents.\n\n"
       "{{link}}\n\n"
       "{{documents}}"
       "The link is yours alone and ends {{expiry}}. To enter, you will be sent a code by SMS.\n\n"
       "{{organisation_name}}\n"}}},
    {"documents-wanted",
     {Channel::kEmail,
      {"{{organisation_name}} waits for documents: {{case_name}}",
       "Dear {{contact_name}},\n\n"
       "for {{case_name}}, {{organisation_name}} still needs from you:\n\n"
       "{{documents}}\n"
       "You hand them over in the portal, by the link that you were sent: {{portal_url}}\n\n"
       "{{organisation_name}}\n"}}},
    {"documents-shared",
     {Channel::kEmail,
      {"{{organisation_name}} has documents for you: {{case_name}}",
       "Dear {{contact_name}},\n\n"
       "for {{case_name}}, {{organisation_name}} has put into the portal for you:\n\n"
       "{{documents}}\n"
       "You find that by the link that you were sent: {{portal_url}}\n\n"
       "{{organisation_name}}\n"}}},
    // The last line binds the code to the page that may read it (WICG's origin-bound one-time
    // codes): browsers offer it there and nowhere else.
    {"sign-in-code",
     {Channel::kSms,
      {"",
       "{{code}} is your code for {{organisation_name}}. Nobody will ever ask you for it.\n\n"
       "@{{host}} #{{code}}"},
      true}},
    {"mobile-changed",
     {Channel::kSms,
      {"",
       "{{organisation_name}}: your access to the portal was moved to another mobile number. If "
       "that is wrong, please call us."}}},
    {"sign-in-code-for-owner",
     {Channel::kEmail,
      {"A code was sent to {{contact_name}}",
       "{{contact_name}} was just sent the code {{code}} by SMS, to enter the portal of "
       "{{organisation_name}}. It serves for five minutes.\n\n"
       "If the SMS does not arrive, you may pass the code on: to {{contact_name}} alone, and only "
       "to a voice or a face that you know. Delete this mail afterwards.\n\n"
       "{{organisation_name}}\n"},
      true}},
};

}  // namespace

absl::StatusOr<Recipient> Recipient::Parse(Channel channel, const std::string& text) {
  const bool phone = text.size() >= 8 && text.size() <= 16 && text[0] == '+' &&
                     text.find_first_not_of("0123456789", 1) == std::string::npos;
  if (channel == Channel::kSms ? phone : IsEmail(text)) return Recipient(text);
  return RefuseField("recipient", channel == Channel::kSms ? "must be a number in E.164"
                                                           : "must be an e-mail address");
}

absl::StatusOr<Text> Render(Channel channel, const std::string& template_name, const Text& own,
                            const std::map<std::string, std::string>& parameters) {
  const auto found = kTemplates.find(template_name);
  if (found == kTemplates.end() || found->second.channel != channel) {
    return Refuse(v1::UNKNOWN_TEMPLATE, "there is no such template for this channel");
  }
  const Text& standard = found->second.text;
  // An invitation of before names no documents.
  auto values = parameters;
  values.emplace("documents", "");
  Text text;
  ASSIGN_OR_RETURN(text.subject,
                   Expand(own.subject.empty() ? standard.subject : own.subject, values));
  ASSIGN_OR_RETURN(text.body, Expand(own.body.empty() ? standard.body : own.body, values));
  // A value with a line break must not become a second header.
  std::replace_if(
      text.subject.begin(), text.subject.end(),
      [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  if (channel == Channel::kSms) text.body = Plainer(text.body);
  return text;
}

bool IsUrgent(const std::string& template_name) {
  const auto found = kTemplates.find(template_name);
  return found != kTemplates.end() && found->second.urgent;
}

}  // namespace gatehouse::notification
