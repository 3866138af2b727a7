#pragma once

#include <string>

namespace gatehouse {

// RFC 5321's address without quoted local parts: at most 254 bytes, visible ASCII or UTF-8, one @,
// no <>, spaces or control characters, a domain of ASCII labels with a dot.
bool IsEmail(const std::string& text);

// An address as a CRM has it, as mail goes to it: without blank characters around it, its domain in
// ASCII where it is not (`ada@exämple.com` → `ada@xn--exmple-cua.com`, UTS 46). What is no address
// stays what it is.
std::string NormalisedEmail(const std::string& text);

// Whether two addresses are one mailbox, as far as their writing says: letters' case does not
// count.
bool SameMailbox(const std::string& one, const std::string& other);

// What may be shown of an address to whoever might not be its owner.

// "+61412341234" → "•••• ••1 234"
std::string MaskPhone(const std::string& e164);
// "ada@example.com" → "a•••@example.com"
std::string MaskEmail(const std::string& email);

}  // namespace gatehouse
