#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace gatehouse::notification {

enum class Channel { kEmail = 1, kSms = 2 };

// A mailbox or a phone number that cannot smuggle a second one: no control characters, no spaces,
// and the shape that the channel needs (libcurl 7.88 would take CR and LF in a recipient). Senders
// take nothing else.
class Recipient {
 public:
  // Refuses INVALID_REQUEST.
  static absl::StatusOr<Recipient> Parse(Channel channel, const std::string& text);
  const std::string& text() const { return text_; }

 private:
  explicit Recipient(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// A file that goes with an e-mail.
struct Attachment {
  std::string content_type, name;
  std::string data;  // Empty: there is none.
};

struct Text {
  std::string subject;  // E-mail only; one line.
  std::string body;
  std::string html;       // E-mail only: the same as HTML; empty: none.
  Attachment attachment;  // E-mail only.
};

}  // namespace gatehouse::notification
