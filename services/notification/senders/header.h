#pragma once

#include <string>

namespace gatehouse::notification {

// A text as the value of a header (RFC 2047): as it is where it is short, plain ASCII, else base64
// words of 75 characters at most, a line each, with whole characters. Without CR and LF of its own.
std::string EncodedHeader(const std::string& text);

// A mailbox with the name of whose it is, as the value of a header; without a name the address.
std::string MailboxHeader(const std::string& name, const std::string& address);

}  // namespace gatehouse::notification
