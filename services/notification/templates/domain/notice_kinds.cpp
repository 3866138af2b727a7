#include "services/notification/templates/domain/notice_kinds.h"

namespace gatehouse::notification {
namespace {

const Tag kOrganisation = {.name = "organisation_name", .sample = "Harbour Home Loans"};
const Tag kContact = {.name = "contact_name", .sample = "Ada Lovelace"};
const Tag kCase = {.name = "case_name", .sample = "12 Harbour Street"};
const Tag kPortal = {.name = "portal_url", .sample = "https://portal.example", .is_address = true};
const Tag kDocuments = {.name = "documents", .sample = "- Payslip\n"};
const Tag kSender = {.name = "sender_name", .sample = "Sam Staff"};
const Tag kOwner = {.name = "owner_name", .sample = "Olive Owner"};

const std::vector<Tag> kClientTags = {
    kContact,
    kCase,
    kOrganisation,
    kPortal,
    {.name = "event", .sample = "There is an answer to what you reported", .required = true}};
const std::vector<Tag> kStaffTags = {
    kOwner,
    kCase,
    {.name = "case_id", .sample = "deal-1"},
    kOrganisation,
    {.name = "event", .sample = "Ada Lovelace handed in a document", .required = true}};
const std::vector<Tag> kDocumentsTags = {kContact, kCase, kOrganisation, kPortal, kDocuments};

const std::vector<Kind> kKinds = {
    {.name = "documents-wanted-by-sms",
     .title = "Documents that are wanted, by SMS",
     .channel = Channel::kSms,
     .tags = kDocumentsTags,
     .text = {"", "{{organisation_name}} still needs documents from you: {{portal_url}}"}},
    {.name = "documents-shared-by-sms",
     .title = "Documents that were shared, by SMS",
     .channel = Channel::kSms,
     .tags = kDocumentsTags,
     .text = {"", "{{organisation_name}} has documents for you: {{portal_url}}"}},
    {.name = "signature-wanted-by-sms",
     .title = "Signature that is wanted, by SMS",
     .channel = Channel::kSms,
     .tags = kDocumentsTags,
     .text = {"", "{{organisation_name}} asks you to sign: {{portal_url}}"}},
    {.name = "signature-told-by-sms",
     .title = "How the signing of a document ended, by SMS",
     .channel = Channel::kSms,
     .tags = kDocumentsTags,
     .text = {"", "{{organisation_name}}: the signing of a document has ended. {{portal_url}}"}},
    // What staff write, or choose, to be read in the portal; and how it is told.
    {.name = "staff-message",
     .title = "Message to a client",
     .tags = {kContact, kCase, kOrganisation, kSender, kPortal},
     .text = {"{{organisation_name}}: {{case_name}}",
              "Dear {{contact_name}},\n\n"
              "please get in touch with us about {{case_name}}.\n\n"
              "{{sender_name}}, {{organisation_name}}\n"}},
    {.name = "message-from-staff",
     .title = "A message that staff wrote, by e-mail",
     .tags = {kContact,
              kCase,
              kOrganisation,
              kSender,
              kPortal,
              {.name = "subject", .sample = "Harbour Home Loans: 12 Harbour Street"},
              {.name = "text", .sample = "Please call us.", .required = true}},
     .text = {"{{subject}}",
              "{{text}}\n\n"
              "You can answer in the portal: {{portal_url}}\n"}},
    {.name = "message-from-staff-by-sms",
     .title = "A message that staff wrote, by SMS",
     .channel = Channel::kSms,
     .tags = {kContact,
              kCase,
              kOrganisation,
              kSender,
              kPortal,
              {.name = "text", .sample = "Please call us."}},
     .text = {"", "{{organisation_name}} wrote to you: {{portal_url}}"}},
    {.name = "event-for-client",
     .title = "News for a client",
     .tags = kClientTags,
     .text = {"{{event}}: {{case_name}}",
              "Dear {{contact_name}},\n\n"
              "{{event}}: {{case_name}}.\n\n"
              "You find it in the portal, by the link that you were sent: {{portal_url}}\n\n"
              "{{organisation_name}}\n"}},
    {.name = "event-for-client-by-sms",
     .title = "News for a client, by SMS",
     .channel = Channel::kSms,
     .tags = kClientTags,
     .text = {"", "{{organisation_name}}: {{event}}. {{portal_url}}"}},
    {.name = "event-for-staff",
     .title = "News for a case's owner",
     .tags = kStaffTags,
     .text = {"{{case_name}}: {{event}}",
              "{{owner_name}},\n\n"
              "{{event}}: {{case_name}} ({{case_id}}).\n\n"
              "{{organisation_name}}\n"}},
    {.name = "event-for-staff-by-sms",
     .title = "News for a case's owner, by SMS",
     .channel = Channel::kSms,
     .tags = kStaffTags,
     .text = {"", "{{case_name}}: {{event}}"}},
    {.name = "daily-summary",
     .title = "Daily summary",
     .tags = {kOwner,
              kOrganisation,
              {.name = "date", .sample = "4 December 2026"},
              {.name = "count", .sample = "1"},
              {.name = "events",
               .sample = "12 Harbour Street\n- Fri 10:42  Ada Lovelace handed in a document\n",
               .required = true}},
     .text = {"What clients did: your summary of {{date}}",
              "{{owner_name}},\n\n"
              "this is what happened in your cases since the last summary:\n\n"
              "{{events}}\n"
              "{{organisation_name}}\n"}},
};

}  // namespace

const std::vector<Kind>& NoticeKinds() { return kKinds; }

}  // namespace gatehouse::notification
