#include "services/notification/templates/domain/kinds.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "services/common/base/status.h"
#include "services/common/text/template.h"
#include "services/notification/templates/domain/notice_kinds.h"

namespace gatehouse::notification {
namespace {

constexpr size_t kLanguageMax = 35;

const Tag kOrganisation = {.name = "organisation_name", .sample = "Harbour Home Loans"};
const Tag kContact = {.name = "contact_name", .sample = "Ada Lovelace"};
const Tag kCode = {
    .name = "code", .sample = "012345", .required = true, .alias = "client_code_verification"};
const Tag kResetLink = {.name = "link",
                        .sample = "https://portal.example/password#sample",
                        .required = true,
                        .is_address = true};
const Tag kHost = {.name = "host", .sample = "portal.example"};
const std::vector<Tag> kInvitationTags = {
    kContact,
    {.name = "case_name", .sample = "12 Harbour Street"},
    kOrganisation,
    {.name = "sender_name", .sample = "Olive Owner"},
    {.name = "expiry", .sample = "on Friday, 4 December 2026 at 17:00 (AEDT)"},
    {.name = "link",
     .sample = "https://portal.example/i#sample",
     .required = true,
     .is_address = true},
    {.name = "documents", .sample = "Please hand over:\n- Payslip\n\n"},
    {.name = "entering", .sample = "To enter, you will be sent a code by SMS."}};
const std::vector<Tag> kDocumentsTags = {
    kContact,
    {.name = "case_name", .sample = "12 Harbour Street"},
    kOrganisation,
    {.name = "documents", .sample = "- Payslip\n", .required = true},
    {.name = "portal_url", .sample = "https://portal.example", .is_address = true}};

const std::vector<Tag> kVisitTags = {
    kContact,
    {.name = "case_name", .sample = "12 Harbour Street"},
    {.name = "portal_name", .sample = "Harbour Solar"},
    {.name = "visit", .sample = "Fitting the roof"},
    {.name = "time", .sample = "Tuesday, 1 December 2026 at 09:00 (AEDT)", .required = true},
    {.name = "place", .sample = "12 Harbour Street"},
    {.name = "installer", .sample = "Ian Installer"},
    {.name = "phone", .sample = "02 9000 0000"}};

const std::vector<Kind> kKinds = {
    {.name = "invitation",
     .title = "Invitation",
     .tags = kInvitationTags,
     .text = {"{{organisation_name}} invites you: {{case_name}}",
              "Dear {{contact_name}},\n\n"
              "{{sender_name}} invites you to {{case_name}}: there you see where it stands, answer "
              "questions and hand over documents.\n\n"
              "{{link}}\n\n"
              "{{documents}}"
              "The link is yours alone and ends {{expiry}}. {{entering}}\n\n"
              "{{organisation_name}}\n"}},
    {.name = "CustomerInvitationFromAnotherOffice",
     .title = "CustomerInvitationFromAnotherOffice",
     .tags = kInvitationTags,
     .text = {"Welcome to {{organisation_name}}: {{case_name}}",
              "Dear {{contact_name}},\n\n"
              "welcome to {{organisation_name}}. {{sender_name}} invites you to {{case_name}}. You "
              "know our portal from another office: you enter by this link, and sign in with what "
              "you have from there.\n\n"
              "{{link}}\n\n"
              "The link is yours alone and ends {{expiry}}.\n\n"
              "{{organisation_name}}\n"},
     .title_fixed = true,
     .serves = "invitation"},
    // The first thing that a client hears of a portal with passwords: nobody may change it.
    {.name = "create-password",
     .title = "Invitation to create a password",
     .tags = kInvitationTags,
     .text = {"{{organisation_name}} invites you: {{case_name}}",
              "Dear {{contact_name}},\n\n"
              "{{sender_name}} invites you to {{case_name}}: there you see where it stands, answer "
              "questions and hand over documents.\n\n"
              "By this link you create your password. After that you sign in with this e-mail "
              "address and your password:\n\n"
              "{{link}}\n\n"
              "{{documents}}"
              "The link is yours alone and ends {{expiry}}.\n\n"
              "{{organisation_name}}\n"},
     .fixed = true,
     .serves = "invitation"},
    {.name = "password-reset",
     .title = "Link to choose another password",
     .tags = {kContact, kOrganisation, kResetLink},
     .text = {"Your password for {{organisation_name}}",
              "Dear {{contact_name}},\n\n"
              "by this link you choose another password for the portal of "
              "{{organisation_name}}. It serves once, for half an hour:\n\n"
              "{{link}}\n\n"
              "If you did not ask for it, you need do nothing: your password stays as it is.\n\n"
              "{{organisation_name}}\n"},
     .urgent = true},
    {.name = "password-changed",
     .title = "Notice of another password",
     .tags = {kContact, kOrganisation},
     .text = {"Your password for {{organisation_name}} was changed",
              "Dear {{contact_name}},\n\n"
              "your password for the portal of {{organisation_name}} was just changed, and you "
              "were signed out everywhere. If that was not you, please call us at once.\n\n"
              "{{organisation_name}}\n"},
     .fixed = true},
    {.name = "recovery-codes-made",
     .title = "Notice of recovery codes",
     .tags = {kContact, kOrganisation},
     .text =
         {"Recovery codes for {{organisation_name}}",
          "Dear {{contact_name}},\n\n"
          "ten recovery codes were just made for your access to the portal of "
          "{{organisation_name}}; older ones serve no more. If that was not you, please call us "
          "at once.\n\n"
          "{{organisation_name}}\n"},
     .fixed = true},
    {.name = "recovery-codes-made-by-sms",
     .title = "Notice of recovery codes by SMS",
     .channel = Channel::kSms,
     .tags = {kOrganisation},
     .text = {"",
              "{{organisation_name}}: recovery codes were just made for your access to the portal. "
              "If that was not you, please call us."},
     .fixed = true},
    {.name = "recovery-code-used",
     .title = "Notice of a recovery code that was used",
     .tags = {kContact, kOrganisation},
     .text = {"A recovery code for {{organisation_name}} was used",
              "Dear {{contact_name}},\n\n"
              "somebody just entered the portal of {{organisation_name}} with one of your "
              "recovery codes. If that was not you, please call us at once.\n\n"
              "{{organisation_name}}\n"},
     .fixed = true},
    {.name = "recovery-code-used-by-sms",
     .title = "Notice of a recovery code that was used by SMS",
     .channel = Channel::kSms,
     .tags = {kOrganisation},
     .text = {"",
              "{{organisation_name}}: one of your recovery codes was used. If that was not you, "
              "please call us."},
     .fixed = true},
    {.name = "passkey-added",
     .title = "Notice of a passkey that was added",
     .tags = {kContact, kOrganisation},
     .text = {"A passkey for {{organisation_name}} was added",
              "Dear {{contact_name}},\n\n"
              "a passkey was just added to your access to the portal of {{organisation_name}}, and "
              "your other devices were signed out. If that was not you, please call us at once.\n\n"
              "{{organisation_name}}\n"},
     .fixed = true},
    {.name = "passkey-added-by-sms",
     .title = "Notice of a passkey that was added by SMS",
     .channel = Channel::kSms,
     .tags = {kOrganisation},
     .text = {"",
              "{{organisation_name}}: a passkey was added to your access. If that was not you, "
              "please call us."},
     .fixed = true},
    {.name = "passkey-removed",
     .title = "Notice of a passkey that was removed",
     .tags = {kContact, kOrganisation},
     .text = {"A passkey for {{organisation_name}} was removed",
              "Dear {{contact_name}},\n\n"
              "a passkey was just removed from your access to the portal of {{organisation_name}}, "
              "and your other devices were signed out. If that was not you, please call us at "
              "once.\n\n"
              "{{organisation_name}}\n"},
     .fixed = true},
    {.name = "passkey-removed-by-sms",
     .title = "Notice of a passkey that was removed by SMS",
     .channel = Channel::kSms,
     .tags = {kOrganisation},
     .text = {"",
              "{{organisation_name}}: a passkey was removed from your access. If that was not you, "
              "please call us."},
     .fixed = true},
    {.name = "factors-reset",
     .title = "Notice of a reset by staff",
     .tags = {kContact, kOrganisation},
     .text = {"Your access to {{organisation_name}} was reset",
              "Dear {{contact_name}},\n\n"
              "we have reset your access to the portal of {{organisation_name}}: your password, "
              "passkeys and recovery codes are gone, and you were signed out everywhere. You will "
              "get a new link. If you did not ask for this, please call us at once.\n\n"
              "{{organisation_name}}\n"},
     .fixed = true},
    {.name = "factors-reset-by-sms",
     .title = "Notice of a reset by staff by SMS",
     .channel = Channel::kSms,
     .tags = {kOrganisation},
     .text = {"",
              "{{organisation_name}}: your access to the portal was reset. If you did not ask for "
              "this, please call us."},
     .fixed = true},
    {.name = "password-created-by-sms",
     .title = "Notice of a first password by SMS",
     .channel = Channel::kSms,
     .tags = {kOrganisation},
     .text = {"",
              "{{organisation_name}}: a password for the portal was made in your name. If that was "
              "not you, please call us."},
     .fixed = true},
    {.name = "password-changed-by-sms",
     .title = "Notice of another password by SMS",
     .channel = Channel::kSms,
     .tags = {kOrganisation},
     .text = {"",
              "{{organisation_name}}: your password for the portal was changed. If that was not "
              "you, please call us."},
     .fixed = true},
    {.name = "documents-wanted",
     .title = "Documents that are wanted",
     .tags = kDocumentsTags,
     .text = {"{{organisation_name}} waits for documents: {{case_name}}",
              "Dear {{contact_name}},\n\n"
              "for {{case_name}}, {{organisation_name}} still needs from you:\n\n"
              "{{documents}}\n"
              "You hand them over in the portal, by the link that you were sent: "
              "{{portal_url}}\n\n"
              "{{organisation_name}}\n"}},
    {.name = "documents-shared",
     .title = "Documents that were shared",
     .tags = kDocumentsTags,
     .text = {"{{organisation_name}} has documents for you: {{case_name}}",
              "Dear {{contact_name}},\n\n"
              "for {{case_name}}, {{organisation_name}} has put into the portal for you:\n\n"
              "{{documents}}\n"
              "You find that by the link that you were sent: {{portal_url}}\n\n"
              "{{organisation_name}}\n"}},
    {.name = "visit-reminder",
     .title = "Reminder of a visit",
     .tags = kVisitTags,
     .text = {"{{visit}}: {{time}}",
              "Dear {{contact_name}},\n\n"
              "for {{case_name}}, please remember:\n\n"
              "{{visit}}\n"
              "{{time}}\n"
              "{{#place}}\n{{place}}\n{{/place}}\n"
              "{{#installer}}\n\n{{installer}}{{#phone}}, {{phone}}{{/phone}}, will "
              "come.\n{{/installer}}\n"
              "{{#portal_name}}\n\n{{portal_name}}\n{{/portal_name}}\n"}},
    {.name = "signature-wanted",
     .title = "Signature that is wanted",
     .tags = kDocumentsTags,
     .text = {"{{organisation_name}} asks you to sign: {{case_name}}",
              "Dear {{contact_name}},\n\n"
              "for {{case_name}}, {{organisation_name}} asks you to sign:\n\n"
              "{{documents}}\n"
              "You read and sign it in the portal, by the link that you were sent: "
              "{{portal_url}}\n\n"
              "{{organisation_name}}\n"}},
    {.name = "signature-told",
     .title = "How the signing of a document ended",
     .tags = kDocumentsTags,
     .text = {"{{organisation_name}}: the signing has ended: {{case_name}}",
              "Dear {{contact_name}},\n\n"
              "{{documents}}\n\n"
              "You find it in the portal, by the link that you were sent: {{portal_url}}\n\n"
              "{{organisation_name}}\n"}},
    // The ending binds the code to the page that may read it (WICG's origin-bound one-time
    // codes): browsers offer it there and nowhere else.
    {.name = "sign-in-code",
     .title = "Code by SMS",
     .channel = Channel::kSms,
     .tags = {kCode, kOrganisation, kHost},
     .text = {"",
              "{{code}} is your code for {{organisation_name}}. Nobody will ever ask you for "
              "it."},
     .ending = "\n\n@{{host}} #{{code}}",
     .urgent = true},
    {.name = "signature-code",
     .title = "Code to sign with, by SMS",
     .channel = Channel::kSms,
     .tags = {kCode, kOrganisation, kHost, {.name = "purpose", .sample = "The offer"}},
     .text = {"",
              "{{code}} is your code to sign with {{organisation_name}}: {{purpose}}. Nobody will "
              "ever ask you for it."},
     .ending = "\n\n@{{host}} #{{code}}",
     .urgent = true},
    {.name = "sign-in-code-by-email",
     .title = "Code by e-mail",
     .tags = {kCode, kContact, kOrganisation, kHost},
     .text = {"{{code}} is your code for {{organisation_name}}",
              "Dear {{contact_name}},\n\n"
              "{{code}} is your code to enter the portal of {{organisation_name}}, {{host}}. It "
              "serves once, for five minutes. Nobody will ever ask you for it.\n\n"
              "If you did not ask for it, you need do nothing.\n\n"
              "{{organisation_name}}\n"},
     .urgent = true},
    {.name = "sign-in-code-for-owner",
     .title = "Code for the case's owner",
     .tags = {kCode, kContact, kOrganisation},
     .text = {"A code was sent to {{contact_name}}",
              "{{contact_name}} was just sent the code {{code}} by SMS, to enter the portal of "
              "{{organisation_name}}. It serves for five minutes.\n\n"
              "If the SMS does not arrive, you may pass the code on: to {{contact_name}} alone, "
              "and only to a voice or a face that you know. Delete this mail afterwards.\n\n"
              "{{organisation_name}}\n"},
     .urgent = true},
    // It warns of a theft: whoever could edit it could take the warning out.
    {.name = "mobile-changed",
     .title = "Notice of another mobile number",
     .channel = Channel::kSms,
     .tags = {kOrganisation},
     .text = {"",
              "{{organisation_name}}: your access to the portal was moved to another mobile "
              "number. If that is wrong, please call us."},
     .fixed = true},
};

// The first word of a name of BCP 47: the language itself.
std::string Primary(const std::string& language) { return language.substr(0, language.find('-')); }

absl::Status CheckPart(const Kind& kind, const std::string& text, bool whole) {
  if (text.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckTags(text, kind.Names(), {}));
  if (!whole) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Template parsed, Template::Parse(text));
  const std::set<std::string> always = parsed.Always();
  for (const Tag& tag : kind.tags) {
    if (!tag.required || always.count(tag.name) != 0 || always.count(tag.alias) != 0) continue;
    return WithFact(Refuse(common::v1::TAG_MISSING,
                           absl::StrCat("the text must have the tag {{", tag.name, "}}")),
                    "tag", tag.name);
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> all = [] {
    std::vector<Kind> kinds = kKinds;
    kinds.insert(kinds.end(), NoticeKinds().begin(), NoticeKinds().end());
    return kinds;
  }();
  return all;
}

const Kind* FindKind(const std::string& name) {
  for (const Kind& kind : Kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

bool MayServe(const Kind& other, const Kind& kind) {
  return other.name == kind.name || other.serves == kind.name;
}

std::set<std::string> Kind::Names() const {
  std::set<std::string> names;
  for (const Tag& tag : tags) {
    names.insert(tag.name);
    if (!tag.alias.empty()) names.insert(tag.alias);
  }
  return names;
}

std::map<std::string, std::string> Kind::WithAliases(
    std::map<std::string, std::string> values) const {
  for (const Tag& tag : tags) {
    const auto value = values.find(tag.name);
    if (!tag.alias.empty() && value != values.end()) values[tag.alias] = value->second;
  }
  return values;
}

std::map<std::string, std::string> Kind::Samples() const {
  std::map<std::string, std::string> samples;
  for (const Tag& tag : tags) samples[tag.name] = tag.sample;
  return samples;
}

absl::Status CheckText(const Kind& kind, const Text& text) {
  if (kind.channel == Channel::kSms && !text.subject.empty()) {
    return RefuseField("subject", "an SMS has none");
  }
  if (kind.channel == Channel::kSms && !text.html.empty()) {
    return RefuseField("html", "an SMS has none");
  }
  RETURN_IF_ERROR(CheckPart(kind, text.subject, false));
  RETURN_IF_ERROR(CheckPart(kind, text.body, true));
  return CheckPart(kind, text.html, true);
}

std::string StandardId(const std::string& kind, const std::string& language) {
  return language.empty() ? kind : absl::StrCat(kind, ".", absl::AsciiStrToLower(language));
}

std::string KindOf(const std::string& template_id) {
  return template_id.substr(0, template_id.find('.'));
}

std::string LanguageOf(const std::string& template_id) {
  const size_t dot = template_id.find('.');
  return dot == std::string::npos ? "" : template_id.substr(dot + 1);
}

std::vector<std::string> StandardIds(const std::string& kind, const std::string& language) {
  std::vector<std::string> ids;
  for (const std::string& tried : {language, Primary(language), std::string()}) {
    const std::string id = StandardId(kind, tried);
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

bool IsStandardId(const std::string& template_id) {
  if (FindKind(KindOf(template_id)) == nullptr) return false;
  if (template_id == KindOf(template_id)) return true;
  const std::string language = LanguageOf(template_id), primary = Primary(language);
  return primary.size() >= 2 && primary.size() <= 3 && language.size() <= kLanguageMax &&
         language.back() != '-' &&
         std::all_of(language.begin(), language.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
         });
}

}  // namespace gatehouse::notification
