#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/common/text/networks.h"

namespace gatehouse::gateway {

// Who is behind the proxies that are trusted.
struct ForwardedClient {
  std::string address;
  bool secure = false;  // It came by HTTPS.
};

// What a request's headers say about its way; each with all its lines joined in order, by commas.
struct ForwardedHeaders {
  std::string x_forwarded_for, x_forwarded_proto;
  std::string forwarded;  // RFC 7239.
};

// Each proxy adds at the end what it saw. So the client is the last one that is no proxy of ours;
// what stands before it the client may have made up, and the protocol is the one that the same
// proxy saw. Only what is an address is believed: at anything else ("unknown", "_hidden") the proxy
// that said it is the last that is known. A proxy writes one of the two headers, and may pass the
// other on as the client sent it: where both are there, they must name the same client, or the
// nearest proxy is the last that is known.
ForwardedClient ClientBehind(const std::string& peer, const ForwardedHeaders& headers,
                             const Networks& proxies);

// The address of a node, without its port: 1.2.3.4, 1.2.3.4:51008, 2001:db8::1, [2001:db8::1]:4711,
// as the shortest text of it; an IPv4 address that was mapped into IPv6 is what it was.
std::optional<std::string> AddressOfNode(std::string_view node);

}  // namespace gatehouse::gateway
