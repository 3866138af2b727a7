#include "services/notification/preferences/domain/actions.h"

#include <algorithm>
#include <set>

namespace gatehouse::notification {
namespace {

constexpr char kEventMail[] = "event-for-client", kEventSms[] = "event-for-client-by-sms";

// What is no event. The names are those of the kinds of messages, but for `login-code`, which is
// what portals call it.
const std::vector<ClientAction> kMessages = {
    {.name = "invitation",
     .by_default = ClientDelivery::kEmail,
     .email_kind = "invitation",
     .required = true},
    {.name = "login-code",
     .by_default = ClientDelivery::kEmail,
     .email_kind = "sign-in-code-by-email",
     .required = true},
    {.name = "sign-in-code",
     .by_default = ClientDelivery::kSms,
     .sms_kind = "sign-in-code",
     .required = true},
    {.name = "mobile-changed",
     .by_default = ClientDelivery::kSms,
     .sms_kind = "mobile-changed",
     .required = true},
    {.name = "recovery-codes-made",
     .by_default = ClientDelivery::kSms,
     .sms_kind = "recovery-codes-made-by-sms",
     .required = true,
     .without_secret = true},
    {.name = "documents-wanted",
     .by_default = ClientDelivery::kEmail,
     .email_kind = "documents-wanted",
     .sms_kind = "documents-wanted-by-sms"},
    {.name = "documents-shared",
     .by_default = ClientDelivery::kEmail,
     .email_kind = "documents-shared",
     .sms_kind = "documents-shared-by-sms"},
    {.name = "signature-wanted",
     .by_default = ClientDelivery::kEmail,
     .email_kind = "signature-wanted",
     .sms_kind = "signature-wanted-by-sms"},
    {.name = "signature-told",
     .by_default = ClientDelivery::kEmail,
     .email_kind = "signature-told",
     .sms_kind = "signature-told-by-sms"},
    {.name = "staff-message",
     .by_default = ClientDelivery::kEmail,
     .email_kind = "message-from-staff",
     .sms_kind = "message-from-staff-by-sms"},
};

// Events that clients hear of by one of those, or by what the event itself is.
const std::set<std::string> kToldOtherwise = {
    "document.shared",     "documentRequest.returned", "invitation.created",
    "invitation.resent",   "invitation.linkCreated",   "invitation.mobileChanged",
    "invitation.accepted", "conversation.posted",      "signature.requested",
    "signature.returned",  "signature.declined",
};

// What is known of events for clients; of any other: that there is something new.
const std::vector<ClientAction> kClientEvents = {
    {.name = "incident.replied",
     .by_default = ClientDelivery::kEmail,
     .says = "There is an answer to what you reported"},
    {.name = "incident.created", .says = "What you reported has arrived"},
    {.name = "document.uploaded", .says = "Your document has arrived"},
    {.name = "document.deleted", .says = "A document that you handed in was taken back"},
    {.name = "documentRequest.accepted", .says = "A document was accepted", .to_all = true},
    {.name = "documentRequest.declined",
     .says = "It was noted that a document is not to be had",
     .to_all = true},
    {.name = "signature.given", .says = "You signed a document"},
    {.name = "signature.submitted", .says = "What you signed on paper has arrived"},
    {.name = "contact.updated", .says = "Your contact details were changed"},
    {.name = "terms.accepted", .says = "You accepted the terms and conditions"},
    {.name = "factFind.opened", .says = "There are questions for you to answer"},
    {.name = "factFind.submitted", .says = "Your answers have arrived"},
    {.name = "factFind.unlocked", .says = "Your answers can be changed again"},
    {.name = "offer.shared",
     .by_default = ClientDelivery::kEmail,
     .says = "There is an offer for you",
     .to_all = true},
    {.name = "offer.seen", .says = "You opened an offer"},
    {.name = "offer.accepted", .says = "You accepted an offer"},
    {.name = "offer.declined", .says = "You declined an offer"},
    {.name = "offer.withdrawn", .says = "An offer was taken back", .to_all = true},
    {.name = "offer.closed",
     .says = "An offer was closed, since another one was accepted",
     .to_all = true},
    {.name = "visit.arranged",
     .by_default = ClientDelivery::kEmail,
     .says = "A visit to you was arranged",
     .to_all = true},
    {.name = "visit.confirmed",
     .by_default = ClientDelivery::kEmail,
     .says = "You chose the time of a visit"},
    {.name = "visit.declined", .says = "You said that no time of a visit suits you"},
    {.name = "visit.rescheduled",
     .by_default = ClientDelivery::kEmail,
     .says = "A visit to you was planned anew",
     .to_all = true},
    {.name = "visit.cancelled",
     .by_default = ClientDelivery::kEmail,
     .says = "A visit to you was cancelled",
     .to_all = true},
    {.name = "drawing.updated", .says = "Your drawing was saved"},
    {.name = "invitation.revoked", .says = "Your access to the portal has ended"},
    {.name = "invitation.expired", .says = "Your invitation to the portal has expired"},
};
constexpr char kNews[] = "There is something new for you";

// What is known of events for staff. By default they are told, once a day, of what clients do.
const std::vector<StaffAction> kStaffEvents = {
    {"incident.created", StaffDelivery::kAtOnce, "{who} reported an incident", ""},
    {"incident.replied", StaffDelivery::kDaily, "{who} said more about an incident", "byContactId"},
    {"conversation.replied", StaffDelivery::kAtOnce, "{who} wrote to you", ""},
    {"document.infected", StaffDelivery::kAtOnce, "Malware was found in a document", ""},
    {"document.uploaded", StaffDelivery::kDaily, "{who} handed in a document", "contactId"},
    {"document.deleted", StaffDelivery::kNone, "{who} took a document back", "contactId"},
    {"document.shared", StaffDelivery::kNone, "A document was shared", ""},
    {"documentRequest.declined", StaffDelivery::kDaily,
     "{who} does not have a document that was asked for", ""},
    {"documentRequest.accepted", StaffDelivery::kNone, "A document was accepted", ""},
    {"documentRequest.returned", StaffDelivery::kNone, "A document was sent back", ""},
    {"signature.requested", StaffDelivery::kNone, "{who} was asked to sign a document", ""},
    {"signature.given", StaffDelivery::kDaily, "{who} signed a document", ""},
    {"signature.declined", StaffDelivery::kAtOnce, "{who} will not sign a document", ""},
    {"signature.submitted", StaffDelivery::kDaily, "{who} handed in what is signed on paper", ""},
    {"signature.returned", StaffDelivery::kNone, "{who} was asked to sign on paper again", ""},
    {"signature.countersigning", StaffDelivery::kAtOnce,
     "All have signed a document: it waits for your signature", ""},
    {"signature.completed", StaffDelivery::kDaily, "A document was signed by all", ""},
    {"signature.voided", StaffDelivery::kNone, "The signing of a document was called off", ""},
    {"signature.expired", StaffDelivery::kDaily, "A document was not signed by all in time", ""},
    {"signature.sealed", StaffDelivery::kNone, "What was signed was sealed", ""},
    {"contact.updated", StaffDelivery::kDaily, "{who} changed contact details", "byContactId"},
    {"terms.accepted", StaffDelivery::kDaily, "{who} accepted the terms and conditions", ""},
    {"factFind.submitted", StaffDelivery::kDaily, "{who} answered the questions", ""},
    {"factFind.opened", StaffDelivery::kNone, "{who} was asked questions", ""},
    {"factFind.unlocked", StaffDelivery::kNone, "{who} may change the answers again", ""},
    {"offer.accepted", StaffDelivery::kAtOnce, "{who} accepted an offer", ""},
    {"offer.declined", StaffDelivery::kAtOnce, "{who} declined an offer", ""},
    {"offer.seen", StaffDelivery::kDaily, "{who} saw an offer for the first time", ""},
    {"offer.shared", StaffDelivery::kNone, "An offer was shared", ""},
    {"offer.withdrawn", StaffDelivery::kNone, "An offer was taken back", ""},
    {"offer.closed", StaffDelivery::kNone, "An offer was closed, since another one was accepted",
     ""},
    {"visit.confirmed", StaffDelivery::kAtOnce, "{who} chose the time of a visit", ""},
    {"visit.declined", StaffDelivery::kAtOnce, "No time of a visit suits {who}", ""},
    {"visit.arranged", StaffDelivery::kNone, "A visit was arranged", ""},
    {"visit.rescheduled", StaffDelivery::kNone, "A visit was planned anew", ""},
    {"visit.cancelled", StaffDelivery::kNone, "A visit was cancelled", ""},
    {"drawing.updated", StaffDelivery::kDaily, "{who} drew the house", ""},
    {"case.moved", StaffDelivery::kNone, "The case moved to another state", ""},
    {"invitation.created", StaffDelivery::kNone, "{who} was invited", ""},
    {"invitation.accepted", StaffDelivery::kDaily, "{who} entered the portal for the first time",
     ""},
    {"invitation.revoked", StaffDelivery::kNone, "The access of {who} was withdrawn", ""},
    {"invitation.expired", StaffDelivery::kDaily, "The invitation of {who} expired unused", ""},
};

ClientAction ForClients(const std::string& type) {
  ClientAction action = {.name = type, .says = kNews};
  for (const ClientAction& known : kClientEvents) {
    if (known.name == type) action = known;
  }
  action.email_kind = kEventMail;
  action.sms_kind = kEventSms;
  return action;
}

// documentRequest.declined → "document request declined"
std::string InWords(const std::string& type) {
  std::string words;
  for (const char c : type) {
    if (c >= 'A' && c <= 'Z') {
      words += {' ', static_cast<char>(c - 'A' + 'a')};
    } else {
      words += c == '.' ? ' ' : c;
    }
  }
  return words;
}

StaffAction ForStaff(const std::string& type) {
  for (const StaffAction& known : kStaffEvents) {
    if (known.event == type) return known;
  }
  return {.event = type, .says = InWords(type)};
}

}  // namespace

Actions::Actions(const std::vector<DeclaredEvent>& events) : for_clients_(kMessages) {
  for (const DeclaredEvent& event : events) {
    for_staff_.push_back(ForStaff(event.type));
    if (!event.concerns_clients || kToldOtherwise.count(event.type) != 0) continue;
    for_clients_.push_back(ForClients(event.type));
  }
}

const ClientAction* Actions::FindForClients(const std::string& name) const {
  const auto found = std::find_if(for_clients_.begin(), for_clients_.end(),
                                  [&](const ClientAction& one) { return one.name == name; });
  return found == for_clients_.end() ? nullptr : &*found;
}

const StaffAction* Actions::FindForStaff(const std::string& event) const {
  const auto found = std::find_if(for_staff_.begin(), for_staff_.end(),
                                  [&](const StaffAction& one) { return one.event == event; });
  return found == for_staff_.end() ? nullptr : &*found;
}

const ClientAction* Actions::FindForKind(const std::string& kind) const {
  const auto found =
      std::find_if(for_clients_.begin(), for_clients_.end(), [&](const ClientAction& one) {
        return one.says.empty() && (one.email_kind == kind || one.sms_kind == kind);
      });
  return found == for_clients_.end() ? nullptr : &*found;
}

}  // namespace gatehouse::notification
