#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::gateway {

constexpr size_t kHeadMax = 16 << 10;
constexpr size_t kHeadersMax = 100;

// What is wrong with the raw head of a request (its request line and header lines, up to and with
// the empty line): an HTTP status, or nothing. It stands before Beast 1.74's parser, which takes
// `Transfer-Encoding: identity`, a missing or second Host and more, and would then read a body as
// the next request (RFC 9112, sections 3 to 6 and 11.2):
//   exactly METHOD SP /target SP HTTP/1.1; lines end in CRLF, no bare CR or LF, no folding;
//   names are tokens with the colon at once after them; values have no control characters;
//   exactly one Host; at most one Content-Length, digits only; Transfer-Encoding only as exactly
//   `chunked`, once, and never beside a Content-Length.
std::optional<int> MistakeInHead(std::string_view head);

// Whether bytes of a head that has not ended yet can still become a good one.
bool HasBareLineFeed(std::string_view bytes);

}  // namespace gatehouse::gateway
