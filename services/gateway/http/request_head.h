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
//   exactly METHOD SP target SP HTTP/1.1 or HTTP/1.0, the target a path or an http(s) URL (RFC
//   9112, 3.2.1 and 3.2.2), without the `#` and `\` that others would cut it at or turn into a
//   slash; lines end in CRLF, no bare CR or LF, no folding; names are tokens with the colon at once
//   after them; values have no control characters; exactly one Host (HTTP/1.0: at most one), a name
//   or address and a port, nothing else; at most one Content-Length, digits only; Transfer-Encoding
//   only as exactly `chunked`, once, not in HTTP/1.0, and never beside a Content-Length.
std::optional<int> MistakeInHead(std::string_view head);

// The path and query of a target that was taken: of a URL, what stands behind its host.
std::string PathAndQuery(const std::string& target);

// The value of the first header of this name in a head that may be broken off or broken; empty:
// none. For an answer that says so, which a page can read only if it names the page's origin.
std::string FindHeader(std::string_view head, std::string_view name);

// Whether bytes of a head that has not ended yet can still become a good one.
bool HasBareLineFeed(std::string_view bytes);

}  // namespace gatehouse::gateway
