#include "services/gateway/http/forwarded.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace gatehouse::gateway {
namespace {

namespace ip = boost::asio::ip;

struct Hop {
  std::string node, protocol;
};

constexpr char kTokenEnds[] = "()<>@,;:\\\"/[]?={} \t";

std::string Trimmed(absl::string_view text) {
  return std::string(absl::StripAsciiWhitespace(text));
}

void SkipSpace(std::string_view& text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
}

// Takes a token or a quoted string off the front (RFC 9110, 5.6); nothing where there is neither.
std::optional<std::string> TakeValue(std::string_view& text) {
  std::string value;
  if (text.empty() || text[0] != '"') {
    const size_t end = std::min(text.find_first_of(kTokenEnds), text.size());
    value = std::string(text.substr(0, end));
    text.remove_prefix(end);
    if (value.empty()) return std::nullopt;
    return value;
  }
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && ++i == text.size()) break;
    value += text[i];
  }
  return std::nullopt;
}

// One element of RFC 7239: for=…;proto=…;by=…, up to the next comma.
bool TakeElement(std::string_view& text, Hop& hop) {
  while (true) {
    SkipSpace(text);
    const std::optional<std::string> name = TakeValue(text);
    if (!name.has_value() || text.empty() || text[0] != '=') return false;
    text.remove_prefix(1);
    const std::optional<std::string> value = TakeValue(text);
    if (!value.has_value()) return false;
    if (absl::EqualsIgnoreCase(*name, "for")) hop.node = *value;
    if (absl::EqualsIgnoreCase(*name, "proto")) hop.protocol = *value;
    SkipSpace(text);
    if (text.empty() || text[0] == ',') return true;
    if (text[0] != ';') return false;
    text.remove_prefix(1);
  }
}

// Nothing for what is not well formed: which of its parts a proxy wrote cannot be told.
std::vector<Hop> HopsOf(const std::string& forwarded) {
  std::vector<Hop> hops;
  std::string_view text = forwarded;
  while (true) {
    SkipSpace(text);
    if (text.empty()) return hops;
    if (text[0] == ',') {
      text.remove_prefix(1);
      continue;
    }
    Hop hop;
    if (!TakeElement(text, hop)) return {};
    hops.push_back(std::move(hop));
  }
}

// The protocol at the same place from the right; where fewer are said, the first said.
std::vector<Hop> HopsOf(const ForwardedHeaders& headers) {
  std::vector<std::string> nodes =
      absl::StrSplit(headers.x_forwarded_for, ',', absl::SkipWhitespace());
  const std::vector<std::string> protocols =
      absl::StrSplit(headers.x_forwarded_proto, ',', absl::SkipWhitespace());
  if (nodes.empty()) nodes = {""};
  std::vector<Hop> hops;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const size_t from_right = nodes.size() - 1 - i;
    std::string protocol;
    if (!protocols.empty()) {
      protocol = protocols[protocols.size() - 1 - std::min(from_right, protocols.size() - 1)];
    }
    hops.push_back({Trimmed(nodes[i]), Trimmed(protocol)});
  }
  return hops;
}

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 6 &&
         text.find_first_not_of("0123456789_abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

// The last of them that is no proxy of ours.
ForwardedClient Behind(const std::string& peer, const std::vector<Hop>& hops,
                       const Networks& proxies) {
  ForwardedClient client{peer};
  bool nearest = true;
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    const std::optional<std::string> address = AddressOfNode(hop->node);
    if (nearest || address.has_value()) {
      client.secure = absl::EqualsIgnoreCase(hop->protocol, "https");
    }
    nearest = false;
    if (!address.has_value()) break;
    client.address = *address;
    if (!proxies.Contains(client.address)) break;
  }
  return client;
}

}  // namespace

std::optional<std::string> AddressOfNode(std::string_view node) {
  std::string_view host = node, port;
  const size_t colon = node.find(':');
  if (!node.empty() && node[0] == '[') {
    const size_t end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = node.substr(1, end - 1);
    port = node.substr(end + 1);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
  } else if (colon != std::string_view::npos && node.find(':', colon + 1) == node.npos) {
    host = node.substr(0, colon);
    port = node.substr(colon);
  }
  if (!port.empty() && (port[0] != ':' || !IsPort(port.substr(1)))) return std::nullopt;
  // An interface's name after a % means something to one machine only.
  if (host.size() > 45 || host.find('%') != std::string_view::npos) return std::nullopt;
  boost::system::error_code error;
  ip::address address = ip::make_address(std::string(host), error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

ForwardedClient ClientBehind(const std::string& peer, const ForwardedHeaders& headers,
                             const Networks& proxies) {
  if (!proxies.Contains(peer)) return {peer};
  const ForwardedClient usual = Behind(peer, HopsOf(headers), proxies);
  if (headers.forwarded.empty()) return usual;
  const ForwardedClient standard = Behind(peer, HopsOf(headers.forwarded), proxies);
  if (headers.x_forwarded_for.empty()) return standard;
  // Which of the two a proxy of ours wrote cannot be told; the other is the client's own word.
  return {usual.address == standard.address ? usual.address : peer,
          usual.secure || standard.secure};
}

}  // namespace gatehouse::gateway
