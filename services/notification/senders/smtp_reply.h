#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace gatehouse::notification {

// A conversation with a mail server as far as it matters when it ends badly: which command the
// server answered last, and how. It holds no secret: of what is sent only the commands' names.
class MailConversation {
 public:
  // Another message begins, perhaps on a connection that is open already.
  void Begin();
  void Sent(absl::string_view line);
  void Received(absl::string_view line);

  // What was answered: `greeting`, `ehlo`, `starttls`, `auth`, `mail`, `rcpt`, `data`, or `text`,
  // the message itself.
  const std::string& command() const { return command_; }
  int reply() const { return reply_; }  // 0: none.
  // The server's words, without what looks like an address, 200 bytes at most.
  std::string Said() const;
  // Whether the server takes addresses beyond ASCII (RFC 6531).
  bool offers_smtputf8() const { return offers_smtputf8_; }

  // Whether the answer is about this recipient or this text, and so for good. Anything else is the
  // sender's or the relay's (log-in, quota, reputation, a full disk), and may be mended. Where the
  // server has an enhanced status code (RFC 3463), it decides: many servers refuse a sender only
  // when they hear of the recipient.
  bool IsForGood() const;

 private:
  std::string command_ = "greeting";
  std::string said_;
  int reply_ = 0;
  bool offers_smtputf8_ = false, over_ = false;
};

}  // namespace gatehouse::notification
