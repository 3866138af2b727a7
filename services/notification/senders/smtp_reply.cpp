#include "services/notification/senders/smtp_reply.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace gatehouse::notification {
namespace {

constexpr size_t kSaidMax = 200;

re2::StringPiece Piece(absl::string_view text) { return {text.data(), text.size()}; }

// An enhanced status code without its class: 5.1.1 is {1, 1}.
struct Detail {
  int subject = -1, detail = -1;
};

// About the sender or the relay, though the answer came to a recipient or to a text: a sender's
// address (1.7, 1.8), the mail system but for a message that is too large (3.4), the network but
// for a recipient's domain that cannot be reached (4.1, 4.4), the protocol, and the policy.
bool IsOurs(const Detail& code, bool about_text) {
  switch (code.subject) {
    case 1:
      return code.detail == 7 || code.detail == 8;
    case 2:
    case 6:
      return false;
    case 3:
      return code.detail != 4;
    case 4:
      return code.detail != 1 && code.detail != 4;
    case 7:  // A text that is taken for spam is named by no better code.
      return !(about_text && code.detail <= 1);
    default:
      return true;
  }
}

// Of the codes without a detail those that RFC 5321 has for an address, and for a text all.
bool IsForGoodByItself(int reply, bool about_text) {
  constexpr std::array<int, 8> kOfAddresses = {501, 510, 511, 513, 550, 551, 553, 556};
  if (about_text) return reply == 550 || reply == 552 || reply == 554;
  return std::find(kOfAddresses.begin(), kOfAddresses.end(), reply) != kOfAddresses.end();
}

}  // namespace

void MailConversation::Begin() {
  // On a connection that is kept the next answer is to MAIL; on a new one the greeting comes first.
  command_ = "greeting";
  said_.clear();
  reply_ = 0;
  over_ = false;
}

void MailConversation::Sent(absl::string_view line) {
  static const RE2 kCommand(R"((?i)^(EHLO|HELO|STARTTLS|AUTH|MAIL|RCPT|DATA|QUIT)\b)");
  std::string name;
  // What follows AUTH is a secret, and no command.
  if (over_ || !RE2::PartialMatch(Piece(line), kCommand, &name)) return;
  absl::AsciiStrToLower(&name);
  if (name == "quit") {
    over_ = true;  // What is said to that says nothing of the message.
    return;
  }
  if (name == "ehlo") offers_smtputf8_ = false;
  command_ = name == "helo" ? "ehlo" : name;
  said_.clear();
  reply_ = 0;
}

void MailConversation::Received(absl::string_view line) {
  int code = 0;
  if (over_ || !RE2::PartialMatch(Piece(line), R"(^([2-5]\d\d)(?:[ -]|\r|$))", &code)) return;
  if (command_ == "data" && reply_ == 354) {
    command_ = "text";
    said_.clear();
  }
  reply_ = code;
  if (command_ == "ehlo" && RE2::PartialMatch(Piece(line), R"((?i)^250[ -]SMTPUTF8\b)")) {
    offers_smtputf8_ = true;
  }
  if (said_.size() < kSaidMax) {
    absl::StrAppend(&said_, said_.empty() ? "" : " ", absl::StripAsciiWhitespace(line));
  }
}

std::string MailConversation::Said() const {
  std::string text = said_;
  RE2::GlobalReplace(&text, R"(\S*@\S*)", "(address)");
  RE2::GlobalReplace(&text, R"([^\x20-\x7e])", "?");
  return text.substr(0, kSaidMax);
}

bool MailConversation::IsForGood() const {
  const bool about_text = command_ == "text";
  if (reply_ / 100 != 5 || (command_ != "rcpt" && !about_text)) return false;
  Detail code;
  if (RE2::PartialMatch(said_, R"(^\d{3}[ -]5\.(\d{1,3})\.(\d{1,3})\b)", &code.subject,
                        &code.detail)) {
    return !IsOurs(code, about_text);
  }
  return IsForGoodByItself(reply_, about_text);
}

}  // namespace gatehouse::notification
