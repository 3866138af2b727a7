#include "services/notification/domain/advice.h"

#include <map>

#include "absl/strings/match.h"

namespace gatehouse::notification {
namespace {

// By the word that a message failed with, and Twilio's code after it.
const std::map<std::string, std::string> kFailures = {
    {"RECIPIENT_REFUSED",
     "The mail server takes nothing for this address: correct it at the contact, and send again."},
    {"MAILBOX_DEAD",
     "An earlier mail to this address was refused for good, so this one was not sent: correct the "
     "address at the contact, or revive the mailbox if it works again, and send again."},
    {"RECIPIENT_NEEDS_SMTPUTF8",
     "The mail server takes no address with such letters: ask your client for another one."},
    {"PROVIDER_REFUSED 21211",
     "This is no phone number: correct it at the contact, and send again."},
    {"PROVIDER_REFUSED 21614",
     "This number takes no SMS: ask your client for a mobile number, and send again."},
    {"RECIPIENT_STOPPED",
     "The number has asked for no more SMS: have your client answer START to one, or lift the stop "
     "if they ask you to."},
    {"RELAY_GONE", "Your own SMS account was removed before this could be sent: send again."},
    {"GAVE_UP", "It was tried for days, and nobody took it: send again."},
};
constexpr char kRefused[] =
    "The SMS provider refuses it: check the number with your client, and send again.";

// By Twilio's code of what was not delivered.
const std::map<std::string, std::string> kUndelivered = {
    {"30003", "The phone is off or out of reach: send again later."},
    {"30004", "The number does not take SMS from us: call your client."},
    {"30005", "Nobody has this number: correct it at the contact, and send again."},
    {"30006", "This number takes no SMS: ask your client for a mobile number, and send again."},
    {"30007", "The carrier took it for spam: send another text, or an e-mail."},
};
constexpr char kNotDelivered[] =
    "The phone did not get it, and the carrier does not say why: send again, or call your client.";

std::string Of(const std::map<std::string, std::string>& advice, const std::string& word,
               const std::string& otherwise) {
  const auto found = advice.find(word);
  return found == advice.end() ? otherwise : found->second;
}

}  // namespace

std::string AdviceOn(const Message& message) {
  switch (message.state) {
    case MessageState::kFailed:
      return Of(kFailures, message.failure,
                absl::StartsWith(message.failure, "PROVIDER_REFUSED") ? kRefused : "");
    case MessageState::kExpired:
      return "It lost its point before it could be sent, or another one took its place: if nothing "
             "came after it, send again.";
    default:
      break;
  }
  if (message.delivery != ReceiptState::kUndelivered) return "";
  return Of(kUndelivered, message.delivery_failure, kNotDelivered);
}

}  // namespace gatehouse::notification
