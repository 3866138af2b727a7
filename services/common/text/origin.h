#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace gatehouse {

// An http or https URL as it is kept, so that what a browser sends is found: scheme and host in
// lower case, the host in ASCII (UTS 46), no default port, no slash at the end
// (`HTTPS://Portal.Exämple.com:443/au/` → `https://portal.xn--exmple-cua.com/au`). The error is a
// sentence's end ("must not name a user"): of a user, a query, a fragment, another scheme, and of
// what is no host.
absl::StatusOr<std::string> NormalisedUrl(const std::string& url);

// scheme://host[:port] of a normalised URL, as a browser's Origin header has it (RFC 6454).
std::string OriginOf(const std::string& url);

// Whether a normalised URL leads to this machine: localhost, what ends in it, and 127.0.0.1.
bool IsLocal(const std::string& url);

}  // namespace gatehouse
