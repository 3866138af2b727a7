#include <algorithm>
#include <cstdlib>
#include <string>

#include "services/notification/senders/header.h"
#include "services/notification/templates/domain/render.h"

// Whatever the values: a subject stays one line, and an SMS with a code ends with the line that
// binds the code to its page. Whatever the bytes: a header's value has no line break but before a
// space, and no recipient that is taken has a byte that could end a command.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gatehouse::notification;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Kind& invitation = *FindKind("invitation");
  const Text own = {"{{a}} x {{a}}", "{{a}}", "<p title='{{a}}'>{{a}}</p>"};
  const auto mail = Render(invitation, own, invitation.text, {{"a", text}});
  if (!mail.ok() || mail->subject.find_first_of("\r\n") != std::string::npos) std::abort();
  // The tags of the paragraph, and no others.
  if (std::count(mail->html.begin(), mail->html.end(), '<') != 2) std::abort();
  const Kind& code = *FindKind("sign-in-code");
  const auto sms = Render(code, {}, code.text,
                          {{"code", "012345"}, {"organisation_name", text}, {"host", "p.example"}});
  const std::string last = "\n@p.example #012345";
  if (!sms.ok()) return 0;  // Too many segments.
  if (sms->body.size() < last.size()) std::abort();
  if (sms->body.substr(sms->body.size() - last.size()) != last) std::abort();
  for (const std::string& value : {EncodedHeader(text), EncodedHeader(mail->subject)}) {
    for (size_t at = 0; (at = value.find_first_of("\r\n", at)) != std::string::npos; at += 3) {
      if (value.substr(at, 3) != "\r\n ") std::abort();
    }
  }
  for (const Channel channel : {Channel::kEmail, Channel::kSms}) {
    if (!Recipient::Parse(channel, text).ok()) continue;
    for (const unsigned char c : text) {
      if (c <= 0x20 || c == 0x7f || c == '<' || c == '>') std::abort();
    }
  }
  return 0;
}
